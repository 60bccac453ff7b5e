import { GatewayError } from '../../domain/errors.js'
import { parseMediaException } from '../../domain/media-exception.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import { MalformedMedia } from '../../media/malformed-media.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { FrameSink } from '../../media/matroska/frame-sink.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import { ClipUnavailable } from '../clip-unavailable.js'

/** `other`: of a track that is neither. */
export type BlockKind = 'video' | 'audio' | 'other'

export interface FragmentName {
  readonly streamArn: string
  readonly fragmentNumber: string
}

/** The header before the first block has a few kilobytes; CodecPrivate may take a megabyte of it. */
const MAX_READ_MS = 20_000

/**
 * Which kind of block a fragment begins with. A fragment's timestamp is that of its first block, which need not be its first frame: the
 * sound may have been muxed ahead of it. Reads that far and no further. @throws ClipUnavailable
 */
export async function readFirstBlock(
  media: FragmentMediaSource,
  name: FragmentName,
  { signal, withinMs = MAX_READ_MS }: { readonly signal: AbortSignal; readonly withinMs?: number },
): Promise<BlockKind> {
  const limit = AbortSignal.timeout(withinMs)
  try {
    return await readUntilBlock(media, name, AbortSignal.any([signal, limit]))
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted || error instanceof MalformedMedia) throw unreadable(error)
    // Its numbers were listed a moment ago: those that are not valid any more are of fragments that are kept no more.
    const isGone = error instanceof GatewayError && (error.code === 'BAD_USER_INPUT' || error.code === 'NOT_FOUND')
    throw isGone ? expired(error) : error
  }
}

async function readUntilBlock(
  media: FragmentMediaSource,
  { streamArn, fragmentNumber }: FragmentName,
  signal: AbortSignal,
): Promise<BlockKind> {
  const first = new FirstBlock()
  const demuxer = new MatroskaDemuxer({ frameSink: (tracks) => first.among(tracks) })
  for await (const chunk of await media.getMedia(streamArn, [fragmentNumber], signal)) {
    signal.throwIfAborted()
    for (const event of demuxer.push(chunk)) {
      const exception = event.kind === 'tags' ? parseMediaException(event.tags) : null
      if (exception !== null) throw exception.isNotFound ? expired(undefined) : unreadable(new Error(exception.message))
    }
    if (first.kind !== null) return first.kind
  }
  throw unreadable(undefined)
}

/** Looks at the first block that passes through the demuxer. */
class FirstBlock {
  kind: BlockKind | null = null

  among(tracks: readonly MatroskaTrack[]): FrameSink {
    return {
      beginBlock: (number) => {
        const type = tracks.find((track) => track.number === number)?.type
        this.kind ??= type === 'video' || type === 'audio' ? type : 'other'
      },
      payload: () => {},
      endCluster: () => null,
    }
  }
}

function expired(cause: unknown): ClipUnavailable {
  return new ClipUnavailable('FOOTAGE_EXPIRED', 'The footage that the clip begins with is no longer kept by its stream.', { cause })
}

function unreadable(cause: unknown): ClipUnavailable {
  const message = 'Kinesis Video gave no readable media of the fragment that the clip begins with.'
  return new ClipUnavailable('KVS_FAILED', message, { retryAfterMs: 1000, cause })
}
