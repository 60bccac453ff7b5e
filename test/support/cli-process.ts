import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { keepLog } from './suite-logs.js'

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js')

/** Programs on Windows need these variables. */
const inherited = Object.fromEntries(['PATH', 'SystemRoot', 'TEMP'].map((name) => [name, process.env[name]]))

/** Builds dist/ when it is out of date: these tests run what users run. */
export async function buildDist(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(process.cwd(), 'scripts', 'build.mjs')])
}

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliProcess extends AsyncDisposable {
  /** Resolves with the first match on stdout, and rejects when the process ends before a match. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  stop(signal?: NodeJS.Signals): Promise<CliResult>
  readonly ended: Promise<CliResult>
  readonly pid: number | undefined
  readonly stdin: ChildProcess['stdin']
}

/** Runs `clipgate …` in a separate process with its own data folder on free ports. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: { readonly maxDescriptors?: number } = {},
): Promise<CliProcess> {
  return startScript([MAIN, ...args], env, options)
}

/** The same for another script: what `npm start` runs. */
export async function startScript(
  script: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { maxDescriptors }: { readonly maxDescriptors?: number } = {},
): Promise<CliProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-cli-'))
  const given = { ...inherited, DATA_DIR: folder, PORT: '0', KVS_PORT: '0', KVS_DEMO: 'false', LOG_LEVEL: 'warn', ...env }
  const child =
    maxDescriptors === undefined
      ? spawn(process.execPath, script, { env: given })
      : spawn('/bin/sh', ['-c', `ulimit -n ${maxDescriptors}; exec "$0" "$@"`, process.execPath, ...script], { env: given })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]): CliResult => {
    // Stdout shows clip URLs on purpose.
    keepLog(stderr)
    return { code, stdout, stderr }
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return {
    ended,
    stop,
    pid: child.pid,
    stdin: child.stdin,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(stdout)
        if (match) return match
        const more = await Promise.race([once(child.stdout, 'data'), ended])
        if (!Array.isArray(more) && !pattern.test(stdout)) throw new Error(`ended with ${more.code} before ${pattern}: ${stderr}${stdout}`)
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs a command that exits on its own, with an empty stdin. */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  await using cli = await startCli(args, env)
  cli.stdin?.end()
  return await cli.ended
}
