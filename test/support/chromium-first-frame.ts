import type { ServerResponse } from 'node:http'
import { reportOf } from './page-in-chromium.js'

export interface FirstFrame {
  /** By the clock of the clip. */
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

/** Opens the clip in headless Chromium (`profile`: its own folder) and returns the first frame that it presents. */
export async function firstFrameInChromium(clip: Uint8Array, profile: string): Promise<FirstFrame> {
  const files = {
    '/clip.mp4': (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.byteLength }).end(clip)
    },
  }
  const { error, ...seen } = await reportOf<FirstFrame & { readonly error?: string }>(
    { html: PAGE, files },
    { chromium: 'chromium', profile },
  )
  if (error !== undefined) throw new Error(`Chromium: ${error}`)
  return seen
}
