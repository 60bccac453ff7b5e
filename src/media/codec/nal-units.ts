import { MalformedMedia } from '../malformed-media.js'

/** Start codes (Annex B of H.264 and H.265) are accepted at ingest and refused afterwards, as on AWS: MP4 wants lengths. */
export function refuseAnnexB(bytes: Uint8Array, expected: string): void {
  const [first, second, third, fourth] = bytes
  const isAnnexB = first === 0 && second === 0 && (third === 1 || (third === 0 && fourth === 1))
  if (isAnnexB) throw new MalformedMedia(`Annex-B start codes where ${expected} was expected`, 0)
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')
}
