import { createHash } from 'node:crypto'
import { BufferSource, EncodedPacketSink, Input, type InputTrack, MATROSKA, MP4 } from 'mediabunny'
import { createFile, MP4BoxBuffer } from 'mp4box'

/** A frame as an independent reader sees it. */
export interface SeenPacket {
  readonly md5: string
  readonly isKey: boolean
  /** Seconds, with the edit list applied. */
  readonly at: number
}

/** The packets of the first track of a kind, in decoding order, read by mediabunny. Empty if it supports no such track. */
export async function readPackets(file: Uint8Array, kind: 'video' | 'audio'): Promise<SeenPacket[]> {
  using input = new Input({ formats: [MATROSKA, MP4], source: new BufferSource(file) })
  const track: InputTrack | null = kind === 'video' ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack()
  if (!track || (await track.getCodec()) === null) return []
  const packets: SeenPacket[] = []
  for await (const packet of new EncodedPacketSink(track).packets()) {
    packets.push({ md5: md5(packet.data), isKey: packet.type === 'key', at: packet.timestamp })
  }
  return packets
}

export interface SeenSample {
  readonly md5: string
  readonly isKey: boolean
  readonly dts: number
  readonly cts: number
  readonly duration: number
  readonly size: number
}

export interface SeenTrack {
  readonly codec: string
  readonly timescale: number
  readonly samples: readonly SeenSample[]
  readonly edits: readonly { readonly segment_duration: number; readonly media_time: number }[]
}

/** The tracks of an MP4 by the tables that mp4box reads. */
export function readTables(file: Uint8Array): SeenTrack[] {
  const reader = createFile()
  let tracks: SeenTrack[] = []
  reader.onReady = (movie) => {
    tracks = movie.tracks.map((track) => ({
      codec: track.codec,
      timescale: track.timescale,
      edits: track.edits ?? [],
      samples: reader.getTrackSamplesInfo(track.id).map((sample) => ({
        md5: md5(file.subarray(sample.offset, sample.offset + sample.size)),
        isKey: sample.is_sync,
        dts: sample.dts,
        cts: sample.cts,
        duration: sample.duration,
        size: sample.size,
      })),
    }))
  }
  reader.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(file).buffer, 0))
  reader.flush()
  return tracks
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
