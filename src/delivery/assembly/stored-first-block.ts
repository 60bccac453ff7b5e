import { createHash } from 'node:crypto'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import type { PartFetch, PartStore } from '../ports.js'
import { type BlockKind, type FragmentName, readFirstBlock } from './first-block.js'

export interface FirstBlockSources {
  readonly media: FragmentMediaSource
  readonly store: PartStore
}

/**
 * What a fragment begins with, asked of Kinesis Video once and kept as a part of its own, a word long: a clip that is stored needs it each
 * time it is laid out, also when its footage has expired since.
 */
export async function getFirstBlock({ media, store }: FirstBlockSources, name: FragmentName, signal: AbortSignal): Promise<BlockKind> {
  const key = createHash('sha256').update(`first block\n${name.streamArn}\n${name.fragmentNumber}`).digest('base64url')
  const fetch: PartFetch = async (shared) => toBody(await readFirstBlock(media, name, { signal: shared }))
  const part = await store.open(key, fetch, signal)
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of part.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, signal)) chunks.push(Buffer.from(chunk))
    const word = Buffer.concat(chunks).toString('latin1')
    return word === 'video' || word === 'audio' ? word : 'other'
  } finally {
    part.release()
  }
}

function toBody(kind: BlockKind): Awaited<ReturnType<PartFetch>> {
  const word = Buffer.from(kind, 'latin1')
  return {
    sizeBytes: word.byteLength,
    bytes: (async function* () {
      yield word
    })(),
  }
}
