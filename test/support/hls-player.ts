import {
  GetHLSStreamingSessionURLCommand,
  type GetHLSStreamingSessionURLInput,
  KinesisVideoArchivedMediaClient,
} from '@aws-sdk/client-kinesis-video-archived-media'
import HLS from 'hls-parser'
import { TEST_CREDENTIALS } from './kvs-test-server.js'

/** Requests a session as a program would, with AWS's own client. */
export async function openHlsSession(url: string, input: Partial<GetHLSStreamingSessionURLInput>): Promise<string> {
  const client = new KinesisVideoArchivedMediaClient({ endpoint: url, region: 'us-east-1', credentials: TEST_CREDENTIALS, maxAttempts: 1 })
  try {
    const { HLSStreamingSessionURL = '' } = await client.send(new GetHLSStreamingSessionURLCommand(input))
    return HLSStreamingSessionURL
  } finally {
    client.destroy()
  }
}

export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${response.headers.get('x-amzn-errortype')}: ${text}`)
  return text
}

export async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return new Uint8Array(await response.arrayBuffer())
}

export type MediaPlaylist = InstanceType<typeof HLS.types.MediaPlaylist>
export type MasterPlaylist = InstanceType<typeof HLS.types.MasterPlaylist>

export async function loadMaster(url: string): Promise<MasterPlaylist> {
  const playlist = HLS.parse(await fetchText(url))
  if (!(playlist instanceof HLS.types.MasterPlaylist)) throw new Error('not a master playlist')
  return playlist
}

export async function loadMedia(url: string): Promise<MediaPlaylist> {
  const playlist = HLS.parse(await fetchText(url))
  if (!(playlist instanceof HLS.types.MediaPlaylist)) throw new Error('not a media playlist')
  return playlist
}

export interface PlayerUrls {
  readonly master: MasterPlaylist
  readonly first: string
  /** Of the audio rendition, or null if there is none. */
  readonly audio: string | null
}

/** Everything that the master playlist refers to. */
export async function loadUrls(masterUrl: string): Promise<PlayerUrls> {
  const master = await loadMaster(masterUrl)
  const variant = master.variants[0]
  const audio = variant?.audio[0]?.uri
  return {
    master,
    first: new URL(variant?.uri ?? '', masterUrl).href,
    audio: audio === undefined ? null : new URL(audio, masterUrl).href,
  }
}

/** The fragments of a media playlist after their initialization fragments, as one file. */
export async function downloadTrack(mediaUrl: string): Promise<Uint8Array> {
  const { segments } = await loadMedia(mediaUrl)
  const parts: Uint8Array[] = []
  let map = ''
  for (const segment of segments) {
    if (segment.map.uri !== map) parts.push(await fetchBytes(new URL(segment.map.uri, mediaUrl).href))
    map = segment.map.uri
    parts.push(await fetchBytes(new URL(segment.uri, mediaUrl).href))
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** The fragment number of each entry. */
export function fragmentNumbers({ segments }: MediaPlaylist): string[] {
  return segments.map(({ uri }) => new URL(uri, 'http://localhost').searchParams.get('FragmentNumber') ?? '')
}
