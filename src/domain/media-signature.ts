import { createHash } from 'node:crypto'

/** The properties that must be equal in all fragments of a clip, as strings to compare. */
export interface MediaSignature {
  readonly layout: string
  readonly configuration: string
}

interface SignedTrack {
  readonly number: number
  readonly type: string
  readonly codecId: string
  readonly codecPrivate: Uint8Array | null
}

export function toMediaSignature(tracks: readonly SignedTrack[]): MediaSignature {
  const sorted = tracks.toSorted((a, b) => a.number - b.number)
  const configuration = createHash('sha256')
  for (const { codecPrivate } of sorted) {
    configuration.update(`${codecPrivate?.byteLength ?? 'none'}\n`).update(codecPrivate ?? new Uint8Array(0))
  }
  const layout = sorted.map(({ number, type, codecId }) => `${number} ${type} ${codecId}`).join('\n')
  return { layout, configuration: configuration.digest('base64url') }
}
