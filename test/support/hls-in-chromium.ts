import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'

export interface Played {
  /** Of the whole session, as the player works it out. */
  readonly durationS: number
  readonly playedS: number
  /** Stretches that the player holds; a hole between two of them would be a second one. */
  readonly bufferedRanges: number
  readonly videoFrames: number
  readonly droppedFrames: number
  readonly audioBytes: number
  /** Wall-clock time of the last frame that was shown, by EXT-X-PROGRAM-DATE-TIME. */
  readonly playingAtMs: number
  readonly problems: readonly string[]
  readonly error?: string
}

/** For a few seconds of footage on a busy machine. */
const PATIENCE_MS = 60_000

const PAGE = (url: string) => `<!doctype html><video muted></video><script src="/hls.js"></script><script>
const video = document.querySelector('video')
const problems = []
const report = (body) => fetch('/seen', { method: 'POST', body: JSON.stringify(body) })
const hls = new Hls()
hls.on(Hls.Events.ERROR, (_, { details, fatal, reason }) => {
  problems.push(details)
  if (fatal) report({ error: details + ' ' + reason, problems })
})
video.addEventListener('ended', () => {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
  report({
    durationS: video.duration,
    playedS: video.currentTime,
    bufferedRanges: video.buffered.length,
    videoFrames: totalVideoFrames,
    droppedFrames: droppedVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount,
    playingAtMs: hls.playingDate ? hls.playingDate.getTime() : 0,
    problems,
  })
})
setTimeout(() => {
  const ranges = Array.from({ length: video.buffered.length }, (_, index) => [video.buffered.start(index), video.buffered.end(index)])
  report({ error: 'still at ' + video.currentTime + ' of ' + video.duration + ', with ' + JSON.stringify(ranges), problems })
}, ${PATIENCE_MS})
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play())
hls.loadSource(${JSON.stringify(url)})
hls.attachMedia(video)
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
  '--autoplay-policy=no-user-gesture-required',
]

async function readReport(request: IncomingMessage): Promise<Played> {
  request.setEncoding('utf8')
  let body = ''
  for await (const text of request) body += text
  return JSON.parse(body)
}

/** Plays a session to its end with hls.js, on a page of another origin (`profile`: a folder of the browser's own). */
export async function playInChromium(url: string, { chromium, profile }: { chromium: string; profile: string }): Promise<Played> {
  const { promise, resolve, reject } = Promise.withResolvers<Played>()
  const server = createServer(async (request, response) => {
    if (request.url === '/hls.js') {
      createReadStream('node_modules/hls.js/dist/hls.min.js').pipe(response.setHeader('content-type', 'text/javascript'))
      return
    }
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE(url))
      return
    }
    const seen = await readReport(request)
    response.end()
    if (seen.error === undefined) resolve(seen)
    else reject(new Error(`hls.js: ${seen.error}; ${seen.problems.join(', ')}`))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const browser = execFile(chromium, [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`])
  const closed = new Promise<void>((done) => browser.once('close', () => done()))
  browser.once('error', reject)
  browser.once('exit', (code) => reject(new Error(`Chromium ended with code ${code} before it had played`)))
  try {
    return await promise
  } finally {
    browser.kill()
    await closed
    server.closeAllConnections()
    server.close()
  }
}
