import type { FragmentMediaSource } from '../../kvs/ports.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'

export type BlockKind = 'video' | 'audio'

/**
 * Which kind of block a fragment begins with. A fragment's timestamp is that of its first block, which need not be its first frame: the
 * sound may have been muxed ahead of it. Null when the fragment does not tell.
 */
export async function readFirstBlock(
  media: FragmentMediaSource,
  { streamArn, fragmentNumber }: { readonly streamArn: string; readonly fragmentNumber: string },
  signal: AbortSignal,
): Promise<BlockKind | null> {
  const demuxer = new MatroskaDemuxer()
  let tracks: readonly MatroskaTrack[] = []
  for await (const chunk of await media.getMedia(streamArn, [fragmentNumber], signal)) {
    for (const event of demuxer.push(chunk)) {
      if (event.kind === 'tracks') tracks = event.tracks
      if (event.kind === 'cluster-end') return kindOf(tracks, event.samples.tracks[0])
    }
  }
  const last = demuxer.end().find((event) => event.kind === 'cluster-end')
  return kindOf(tracks, last?.samples.tracks[0])
}

function kindOf(tracks: readonly MatroskaTrack[], number: number | undefined): BlockKind | null {
  const type = tracks.find((track) => track.number === number)?.type
  return type === 'video' || type === 'audio' ? type : null
}
