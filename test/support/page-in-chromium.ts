import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

export interface Browser {
  readonly chromium: string
  /** A folder for the browser only. */
  readonly profile: string
}

export interface ReportingPage {
  readonly html: string
  /** All other files that the page loads, by path. */
  readonly files?: Readonly<Record<string, (response: ServerResponse) => void>>
  /** The port of the page's server, if its origin has to be known in advance. */
  readonly port?: number
}

/** Opens a page in headless Chromium, and returns its report: the first request that it sends by POST. */
export async function reportOf<Report>(
  { html, files = {}, port: fixedPort = 0 }: ReportingPage,
  { chromium, profile }: Browser,
): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  const server = createServer((request, response) => {
    const file = files[request.url ?? '']
    if (file !== undefined) return file(response)
    if (request.method !== 'POST') return response.writeHead(200, { 'content-type': 'text/html' }).end(html)
    readReport<Report>(request)
      .then(resolve, reject)
      .finally(() => response.end())
  })
  await new Promise<void>((listening) => server.listen(fixedPort, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const browser = execFile(chromium, [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`])
  const closed = new Promise<void>((done) => browser.once('close', () => done()))
  browser.once('error', reject)
  browser.once('exit', (code) => reject(new Error(`Chromium ended with code ${code} before its page had reported`)))
  try {
    return await promise
  } finally {
    browser.kill()
    await closed
    server.closeAllConnections()
    server.close()
  }
}

async function readReport<Report>(request: IncomingMessage): Promise<Report> {
  request.setEncoding('utf8')
  let body = ''
  for await (const text of request) body += text
  return JSON.parse(body)
}
