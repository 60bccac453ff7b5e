import { createKvs } from '../../src/kvs/kvs.js'
import type { ClipSource } from '../../src/kvs/ports.js'
import { collect } from './part-bodies.js'

export type Spoil = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** A source whose bodies are corrupted while the test requests it. */
export interface SpoiltClips {
  readonly clips: ClipSource
  spoil: Spoil | null
  /** The length that a corrupted response declares. */
  announcedBytes: number | null
}

export function createSpoiler(url: string): SpoiltClips {
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: url, accessKey: null }, isPaced: false })
  const spoiler: SpoiltClips = {
    spoil: null,
    announcedBytes: null,
    clips: {
      async getClip(request, signal) {
        const body = await kvs.clips.getClip(request, signal)
        return spoiler.spoil ? { ...body, sizeBytes: spoiler.announcedBytes, bytes: spoiler.spoil(body.bytes) } : body
      },
    },
  }
  return spoiler
}

/** A file that players accept, and that the reader of MP4 does not understand, because it contains an unknown box. */
export async function withUnknownBox(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const whole = await collect(bytes)
  const moov = whole.indexOf('moov') - 4
  return Buffer.concat([whole.subarray(0, moov), Buffer.from('\0\0\0\x08mfra', 'latin1'), whole.subarray(moov)])
}
