import { expect } from '@jest/globals'
import { findPeer, type Outcome, type RunOptions, runProgram } from './peer-programs.js'

/** A packet as ffprobe reports it. */
export interface ProbedPacket {
  /** Presentation time, or NaN if the file has none. */
  readonly ptsMs: number
  readonly dtsMs: number
  readonly isKey: boolean
  readonly md5: string
}

/** Runs ffmpeg and fails if it prints a message. */
export async function ffmpeg(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { path } = await findPeer('ffmpeg')
  const outcome = await runProgram(path, ['-v', 'error', '-nostdin', '-y', ...args], options)
  expect([outcome.code, outcome.stderr]).toEqual([0, ''])
  return outcome
}

/** Decodes all of it with unchanged times, and fails if ffmpeg prints a message. */
export async function decode(file: string): Promise<void> {
  await ffmpeg(['-xerror', '-i', file, '-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-'])
}

/** The packets of the first track of a kind, in file order. */
export async function probePackets(file: string, kind: 'v' | 'a'): Promise<ProbedPacket[]> {
  const entries = 'packet=pts_time,dts_time,flags,data_hash'
  const probed = await probe(file, ['-select_streams', `${kind}:0`, '-show_entries', entries, '-show_data_hash', 'md5'])
  const { packets }: { packets: { pts_time?: string; dts_time?: string; flags: string; data_hash: string }[] } = JSON.parse(probed)
  return packets.map(({ pts_time, dts_time, flags, data_hash }) => ({
    ptsMs: Number(pts_time ?? 'NaN') * 1000,
    dtsMs: Number(dts_time ?? 'NaN') * 1000,
    isKey: flags.startsWith('K'),
    md5: data_hash.replace(/^MD5:/, ''),
  }))
}

/** Codec and four-character code of each track. */
export async function probeTracks(file: string): Promise<string[]> {
  const probed = await probe(file, ['-show_entries', 'stream=codec_name,codec_tag_string'])
  const { streams }: { streams: { codec_name: string; codec_tag_string: string }[] } = JSON.parse(probed)
  return streams.map(({ codec_name, codec_tag_string }) => `${codec_name} ${codec_tag_string}`)
}

/** What ffprobe reports about the first video track. */
export interface SeenPicture {
  readonly width: number
  readonly height: number
  /** Pixel aspect ratio, or null if it is unspecified. */
  readonly aspect: string | null
  /** Degrees counter-clockwise, or null if it is not rotated. */
  readonly rotation: number | null
  readonly range: string | null
  readonly primaries: string | null
  readonly transfer: string | null
  readonly matrix: string | null
}

interface ProbedPicture {
  width: number
  height: number
  sample_aspect_ratio?: string
  color_range?: string
  color_primaries?: string
  color_transfer?: string
  color_space?: string
  side_data_list?: { rotation?: number }[]
}

/** From the container and the codec together, without decoding a frame. */
export async function probePicture(file: string): Promise<SeenPicture> {
  const probed = await probe(file, ['-select_streams', 'v:0', '-show_streams'])
  const { streams }: { streams: ProbedPicture[] } = JSON.parse(probed)
  const [stream] = streams
  if (stream === undefined) throw new Error(`${file} has no picture`)
  return {
    width: stream.width,
    height: stream.height,
    aspect: stream.sample_aspect_ratio ?? null,
    rotation: stream.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? null,
    range: stream.color_range ?? null,
    primaries: stream.color_primaries ?? null,
    transfer: stream.color_transfer ?? null,
    matrix: stream.color_space ?? null,
  }
}

async function probe(file: string, args: readonly string[]): Promise<string> {
  const { path } = await findPeer('ffprobe')
  const { code, stdout, stderr } = await runProgram(path, ['-v', 'error', ...args, '-of', 'json', file])
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}
