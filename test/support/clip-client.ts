import { get, type IncomingHttpHeaders } from 'node:http'

/** The bytes that came over the wire, however the response ended. */
export interface Downloaded {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Whether the response ended as HTTP declares. A cut connection leaves it incomplete. */
  readonly isComplete: boolean
}

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Disconnects after this many bytes of the body. */
  readonly leaveAfterBytes?: number
  readonly onFirstBytes?: () => void
}

/** One GET over its own connection. Rejects only when there was no response at all. */
export function download(
  url: string,
  { headers = {}, leaveAfterBytes = Number.POSITIVE_INFINITY, onFirstBytes = () => undefined }: DownloadOptions = {},
): Promise<Downloaded> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.once('data', onFirstBytes)
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.byteLength
        if (bytes >= leaveAfterBytes) request.destroy()
      })
      // The next event is "close", which says whether the response is complete.
      response.on('error', () => undefined)
      response.on('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
          isComplete: response.complete,
        }),
      )
    })
    request.on('error', reject)
  })
}

/** Waits until the condition is true. Fails after a minute. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 60_000
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`did not become true: ${isTrue}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
