import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type Browser, CHROMIUM_FLAGS } from './page-in-chromium.js'

/** A tab of headless Chromium, driven by the DevTools protocol as a person drives it by the address bar. */
export interface ChromiumTab extends AsyncDisposable {
  /** Resolves when the document has loaded. */
  open(url: string): Promise<void>
  reload(): Promise<void>
  /** Evaluates an expression in the page and waits until it settles. Throws what the expression throws. */
  run<Result>(expression: string): Promise<Result>
  /** A PNG. */
  screenshot(): Promise<Buffer>
}

type Reply = { readonly id?: number; readonly method?: string; readonly result?: unknown; readonly error?: { readonly message: string } }

export async function openChromiumTab({ chromium, profile }: Browser): Promise<ChromiumTab> {
  const browser = spawn(chromium, [...CHROMIUM_FLAGS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
  })
  const closed = new Promise<void>((resolve) => browser.once('close', () => resolve()))
  const socket = new WebSocket(await findTab(profile))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const replies = new Map<number, (reply: Reply) => void>()
  const events = new Map<string, () => void>()
  socket.on('message', (data) => {
    const reply: Reply = JSON.parse(String(data))
    if (reply.id !== undefined) replies.get(reply.id)?.(reply)
    else events.get(reply.method ?? '')?.()
  })
  let calls = 0
  const call = async <Result>(method: string, params: object = {}): Promise<Result> => {
    calls += 1
    const { promise, resolve } = Promise.withResolvers<Reply>()
    replies.set(calls, resolve)
    socket.send(JSON.stringify({ id: calls, method, params }))
    const { result, error } = await promise
    if (error) throw new Error(`${method}: ${error.message}`)
    return JSON.parse(JSON.stringify(result))
  }
  const load = async (method: string, params: object) => {
    const loaded = new Promise<void>((resolve) => events.set('Page.loadEventFired', resolve))
    await call(method, params)
    await loaded
  }
  await call('Page.enable')
  return {
    open: (url) => load('Page.navigate', { url }),
    reload: () => load('Page.reload', {}),
    async run(expression) {
      const { result, exceptionDetails } = await call<Evaluated>('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails) throw new Error(`the page threw: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`)
      return JSON.parse(JSON.stringify(result.value ?? null))
    },
    async screenshot() {
      const { data } = await call<{ readonly data: string }>('Page.captureScreenshot')
      return Buffer.from(data, 'base64')
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      browser.kill()
      await closed
    },
  }
}

interface Evaluated {
  readonly result: { readonly value?: unknown }
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } }
}

/** The address of the only tab, once Chromium listens. Chromium writes the port into its profile. */
async function findTab(profile: string): Promise<string> {
  const giveUpAt = performance.now() + 60_000
  for (;;) {
    try {
      const [port = ''] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n')
      const tabs: { readonly type: string; readonly webSocketDebuggerUrl: string }[] = JSON.parse(
        await (await fetch(`http://127.0.0.1:${port}/json/list`)).text(),
      )
      const tab = tabs.find(({ type }) => type === 'page')
      if (tab) return tab.webSocketDebuggerUrl
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
