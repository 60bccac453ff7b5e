import { readFixture } from './fixtures.js'

/** The Matroska in a recorded PutMedia request: its chunked body, decoded (RFC 9112, section 7.1). */
export function bodyOfRecording(fixture: string): Uint8Array {
  const bytes = Buffer.from(readFixture(fixture))
  const parts: Buffer[] = []
  let at = bytes.indexOf('\r\n\r\n') + 4
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (size === 0) return new Uint8Array(Buffer.concat(parts))
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
