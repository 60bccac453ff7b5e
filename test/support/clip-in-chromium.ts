import type { ServerResponse } from 'node:http'
import { type Browser, reportOf } from './page-in-chromium.js'

/** The picture on the screen: its number by the player's clock, and the number that is painted on it. */
export interface ShownFrame {
  readonly timeS: number
  readonly number: number
}

export interface PlayedClip {
  readonly durationS: number
  readonly videoWidth: number
  readonly readyState: number
  readonly first: ShownFrame
  readonly sought: readonly ShownFrame[]
  readonly last: ShownFrame
  readonly endedAtS: number
}

export interface PlayOptions extends Browser {
  /** Where to seek to, in order, before it plays to its end. */
  readonly seekToS: readonly number[]
  /** The position from which it plays to its end. */
  readonly playFromS: number
}

// Each frame shows its number as 16 bars, black or white, 20 pixels wide. Compression cannot blur them into each other.
const SCRIPT = `
const video = document.querySelector('video')
const canvas = document.createElement('canvas')
const context = canvas.getContext('2d', { willReadFrequently: true })
const report = (body) => fetch('/seen', { method: 'POST', body: JSON.stringify(body) })
const next = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }))
const shown = () => new Promise((resolve) => video.requestVideoFrameCallback((_, { mediaTime }) => {
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  context.drawImage(video, 0, 0)
  let number = 0
  for (let bar = 0; bar < 16; bar += 1) if (context.getImageData(20 * bar + 10, 32, 1, 1).data[1] > 128) number += 2 ** bar
  resolve({ timeS: mediaTime, number })
}))
const seek = async (timeS) => {
  const [frame] = await Promise.all([shown(), next('seeked'), (video.currentTime = timeS)])
  return frame
}
async function play({ url, seekToS, playFromS }) {
  const firstShown = shown()
  const loaded = next('loadeddata')
  video.src = url
  await loaded
  const first = await firstShown
  const seen = { durationS: video.duration, videoWidth: video.videoWidth, readyState: video.readyState, first, sought: [] }
  for (const timeS of seekToS) seen.sought.push(await seek(timeS))
  await seek(playFromS)
  const ended = next('ended')
  let last = first
  const follow = async () => { for (;;) last = await shown() }
  follow()
  await video.play()
  await ended
  report({ ...seen, last, endedAtS: video.currentTime })
}
video.onerror = () => report({ error: video.error.message })
fetch('/play').then((response) => response.json()).then(play).catch((error) => report({ error: String(error) }))
`

/** Opens a clip on a page of another origin, looks at its first frame, seeks, and plays it to its end. */
export async function playClipInChromium(url: string, { chromium, profile, ...what }: PlayOptions): Promise<PlayedClip> {
  const html = `<!doctype html><video muted crossorigin preload="auto"></video><script>${SCRIPT}</script>`
  const files = {
    '/play': (response: ServerResponse) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ url, ...what }))
    },
  }
  const { error, ...seen } = await reportOf<PlayedClip & { readonly error?: string }>({ html, files }, { chromium, profile })
  if (error !== undefined) throw new Error(`Chromium: ${error}`)
  return seen
}
