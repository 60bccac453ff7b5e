import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** An embedded server in a separate process that a test can kill. */
export interface LiveServerProcess {
  readonly url: string
  /** Kills it as a crash of the machine would. */
  kill(): Promise<void>
}

export async function startLiveServerProcess(dataDir: string): Promise<LiveServerProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', './test/support/source-loader.mjs', 'test/support/live-server.ts', dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  if (child.stdout === null) throw new Error('the server has no stdout')
  const [url] = await once(createInterface(child.stdout), 'line')
  return {
    url: String(url),
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Calls an operation without a signature. */
export function postJson(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
}
