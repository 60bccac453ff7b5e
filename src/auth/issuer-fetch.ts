import { isLoopbackHost } from '../lib/http-server.js'

export const ISSUER_TIMEOUT_MS = 5000
const MAX_ANSWER_BYTES = 1_048_576

/** HTTPS, or plain HTTP to this machine. */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

/** The text of a document of the issuer. Follows no redirects, and limits the size. */
export async function fetchText(url: string, signal: AbortSignal = AbortSignal.timeout(ISSUER_TIMEOUT_MS)): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
  if (response.status !== 200 || response.body === null) throw new Error(`the issuer answers with status ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer of the issuer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
