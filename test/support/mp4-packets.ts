import { createHash } from 'node:crypto'
import { BufferSource, EncodedPacketSink, Input, type InputTrack, MP4 } from 'mediabunny'
import { createFile, MP4BoxBuffer, type Sample } from 'mp4box'

/** A sample as an independent reader sees it. */
export interface ReadPacket {
  /** Presentation time in milliseconds. */
  readonly timeMs: number
  readonly isKey: boolean
  readonly md5: string
}

export const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

/** The samples that mediabunny reads, in decoding order. */
export async function readWithMediabunny(file: Uint8Array): Promise<{ video: ReadPacket[]; audio: ReadPacket[] }> {
  const input = new Input({ source: new BufferSource(file), formats: [MP4] })
  const video = await input.getPrimaryVideoTrack()
  const audio = await input.getPrimaryAudioTrack()
  return { video: await readTrack(video), audio: await readTrack(audio) }
}

async function readTrack(track: InputTrack | null): Promise<ReadPacket[]> {
  if (track === null) return []
  const packets: ReadPacket[] = []
  for await (const packet of new EncodedPacketSink(track).packets()) {
    packets.push({ timeMs: packet.timestamp * 1000, isKey: packet.type === 'key', md5: md5(packet.data) })
  }
  return packets
}

export interface Mp4boxTrack {
  readonly samples: readonly Sample[]
  readonly edits: readonly { readonly segment_duration: number; readonly media_time: number }[]
  readonly timescale: number
  readonly codec: string
}

/** The samples that mp4box reads: the tables of the file, without the edit list. */
export function readWithMp4box(file: Uint8Array): Mp4boxTrack[] {
  const isoFile = createFile()
  const copy = new Uint8Array(file)
  isoFile.appendBuffer(MP4BoxBuffer.fromArrayBuffer(copy.buffer, 0))
  isoFile.flush()
  return isoFile.getInfo().tracks.map((track) => ({
    samples: isoFile.getTrackSamplesInfo(track.id),
    edits: track.edits ?? [],
    timescale: track.timescale,
    codec: track.codec,
  }))
}
