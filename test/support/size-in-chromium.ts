import type { ServerResponse } from 'node:http'
import { type Browser, reportOf } from './page-in-chromium.js'

export interface ShownSize {
  readonly width: number
  readonly height: number
}

const PAGE = `<!doctype html><video muted src="/clip.mp4" preload="auto"></video><script>
const video = document.querySelector('video')
const report = (body) => fetch('/seen', { method: 'POST', body: JSON.stringify(body) })
video.onerror = () => report({ error: video.error.message })
video.onended = () => report({ width: video.videoWidth, height: video.videoHeight })
video.play().catch((error) => report({ error: String(error) }))
</script>`

/** Plays a clip to its end in headless Chromium, and returns the size of the shown picture. */
export async function sizeInChromium(clip: Uint8Array, browser: Browser): Promise<ShownSize> {
  const files = {
    '/clip.mp4': (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.byteLength }).end(clip)
    },
  }
  const { error, ...size } = await reportOf<ShownSize & { readonly error?: string }>({ html: PAGE, files }, browser)
  if (error !== undefined) throw new Error(`Chromium: ${error}`)
  return size
}
