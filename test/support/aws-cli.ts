import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPeer, type Outcome, runProgram } from './peer-programs.js'

/** CLI behaviour that depends on its version (version 2 distinguishes kinds of failures by exit codes). */
export interface AwsCliWays {
  readonly version: string
  readonly exit: { readonly service: number; readonly validation: number; readonly usage: number }
}

export interface AwsCli extends AsyncDisposable, AwsCliWays {
  /** Its own working directory. */
  readonly folder: string
  /** Runs `aws …` against the endpoint. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>
  /** The same with a pipe as stdout, so that `/dev/stdout` can be opened (Node gives its children a socket). */
  runPiped(args: readonly string[]): Promise<Outcome>
  /** Like `run`, for commands that succeed and print JSON. */
  json(args: readonly string[]): Promise<unknown>
}

/** Ignores the configuration of the machine, and has no service that provides a role. */
export function awsEnvironment(key = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a-secret-for-tests' }): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    TZ: 'Asia/Tokyo',
  }
}

export async function openAwsCli(endpoint: string, env: Readonly<Record<string, string>> = awsEnvironment()): Promise<AwsCli> {
  const { path, version } = await findPeer('aws')
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-aws-'))
  const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    runProgram(path, [...args, '--endpoint-url', endpoint, '--output', 'json'], { env: { ...env, ...more }, cwd: folder })
  const runPiped = (args: readonly string[]) => {
    const command = [path, ...args, '--endpoint-url', endpoint, '--output', 'json']
    return runProgram('bash', ['-c', 'set -o pipefail; "$@" | cat', 'bash', ...command], { env, cwd: folder })
  }
  return {
    ...waysOf(version),
    folder,
    run,
    runPiped,
    async json(args) {
      const { code, stdout, stderr } = await run(args)
      if (code !== 0) throw new Error(`aws ${args.join(' ')} ended with ${code}: ${stderr}`)
      return stdout === '' ? null : JSON.parse(stdout)
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function waysOf(version: string): AwsCliWays {
  const isFirst = version.startsWith('aws-cli/1.')
  return { version, exit: isFirst ? { service: 255, validation: 255, usage: 2 } : { service: 254, validation: 252, usage: 252 } }
}
