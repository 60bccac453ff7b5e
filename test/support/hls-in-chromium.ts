import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type Browser, reportOf } from './page-in-chromium.js'

export interface Played {
  /** Of the whole session, as the player computes it. */
  readonly durationS: number
  readonly playedS: number
  /** Buffered ranges of the player. A hole would split a range in two. */
  readonly bufferedRanges: number
  readonly videoFrames: number
  readonly droppedFrames: number
  readonly audioBytes: number
  /** Wall-clock time of the last shown frame, by EXT-X-PROGRAM-DATE-TIME. */
  readonly playingAtMs: number
  readonly problems: readonly string[]
  readonly error?: string
}

/** For a few seconds of footage on a busy machine. */
const PATIENCE_MS = 60_000

export interface PlayOptions {
  /** A live playlist has no end. The player begins at its start and finishes after this playback time. */
  readonly untilS?: number
}

const PAGE = (
  url: string,
  { untilS = null }: { readonly untilS?: number | null },
) => `<!doctype html><video muted></video><script src="/hls.js"></script><script>
const video = document.querySelector('video')
const problems = []
const report = (body) => fetch('/seen', { method: 'POST', body: JSON.stringify(body) })
const untilS = ${untilS}
const hls = new Hls(untilS === null ? {} : { startPosition: 0 })
hls.on(Hls.Events.ERROR, (_, { details, fatal, reason, buffer }) => {
  problems.push(buffer === undefined ? details : details + ' at ' + video.currentTime + ' s, ' + buffer + ' s before the end of the buffer')
  if (fatal) report({ error: details + ' ' + reason, problems })
})
const over = () => {
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
}
video.addEventListener('ended', over)
video.addEventListener('timeupdate', () => {
  if (untilS !== null && video.currentTime - video.buffered.start(0) >= untilS) over()
})
setTimeout(() => {
  const ranges = Array.from({ length: video.buffered.length }, (_, index) => [video.buffered.start(index), video.buffered.end(index)])
  report({ error: 'still at ' + video.currentTime + ' of ' + video.duration + ', with ' + JSON.stringify(ranges), problems })
}, ${PATIENCE_MS})
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play())
hls.loadSource(${JSON.stringify(url)})
hls.attachMedia(video)
</script>`

/**
 * Plays a session to its end with hls.js, on a page of another origin. A stall that the footage causes is repeatable. A stall that a busy
 * machine causes is not. A run whose only failure is a stall is therefore repeated, at most twice.
 */
export async function playInChromium(url: string, browser: Browser, options: PlayOptions = {}): Promise<Played> {
  for (let again = 2; ; again--) {
    const played = await playOnce(url, browser, options)
    const hasOnlyStalled = played.problems.length > 0 && played.problems.every((problem) => problem.startsWith('bufferStalledError'))
    if (!hasOnlyStalled || again === 0) return played
  }
}

async function playOnce(url: string, browser: Browser, options: PlayOptions): Promise<Played> {
  const files = {
    '/hls.js': (response: ServerResponse) => {
      createReadStream('node_modules/hls.js/dist/hls.min.js').pipe(response.setHeader('content-type', 'text/javascript'))
    },
  }
  const seen = await reportOf<Played>({ html: PAGE(url, options), files }, browser)
  if (seen.error !== undefined) throw new Error(`hls.js: ${seen.error}; ${seen.problems.join(', ')}`)
  return seen
}
