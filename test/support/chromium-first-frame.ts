import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'

export interface FirstFrame {
  /** On the clip's own clock. */
  readonly firstFrameMs: number
  readonly durationMs: number
  /** RGBA, row by row. */
  readonly pixels: readonly number[]
}

const PAGE = `<!doctype html><video muted src="/clip.mp4" preload="auto"></video><script>
const video = document.querySelector('video')
const report = (body) => fetch('/seen', { method: 'POST', body: JSON.stringify(body) })
video.onerror = () => report({ error: video.error.message })
video.requestVideoFrameCallback((_, { mediaTime }) => {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0)
  const pixels = Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data)
  report({ firstFrameMs: Math.round(mediaTime * 1000), durationMs: video.duration * 1000, pixels })
})
</script>`

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

async function readReport(request: IncomingMessage): Promise<FirstFrame & { readonly error?: string }> {
  request.setEncoding('utf8')
  let body = ''
  for await (const text of request) body += text
  return JSON.parse(body)
}

/** Opens the clip in headless Chromium (`profile`: a folder of its own), and gives the first frame that it presents. */
export async function firstFrameInChromium(clip: Uint8Array, profile: string): Promise<FirstFrame> {
  const { promise, resolve, reject } = Promise.withResolvers<FirstFrame>()
  const server = createServer(async (request, response) => {
    if (request.url === '/clip.mp4') {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.byteLength }).end(clip)
      return
    }
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
      return
    }
    const seen = await readReport(request)
    response.end()
    if (seen.error === undefined) resolve(seen)
    else reject(new Error(`Chromium: ${seen.error}`))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const browser = execFile('chromium', [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`])
  const closed = new Promise<void>((done) => browser.once('close', () => done()))
  browser.once('error', reject)
  browser.once('exit', (code) => reject(new Error(`Chromium ended with code ${code} before it showed a frame`)))
  try {
    return await promise
  } finally {
    browser.kill()
    await closed
    server.closeAllConnections()
    server.close()
  }
}
