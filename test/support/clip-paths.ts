import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { expect } from '@jest/globals'
import { startTestGateway, type TestGateway } from './gateway-test.js'
import { openHlsSession } from './hls-player.js'
import { type KvsTestServer, startKvsTestServer } from './kvs-test-server.js'
import { type Ack, upload } from './producer.js'

export interface RequestedClip {
  readonly clip: { readonly downloadUrl: string; readonly form?: string } | null
  readonly issues: readonly { readonly code: string; readonly severity: string; readonly message: string }[]
}

/** One recording on every path: uploaded to an embedded server, and returned by GetClip, by a gateway over it, and by HLS. */
export class ClipPaths implements AsyncDisposable {
  readonly startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000

  private constructor(
    readonly kvs: KvsTestServer,
    readonly gateway: TestGateway,
    readonly folder: string,
  ) {}

  static async open(): Promise<ClipPaths> {
    const kvs = await startKvsTestServer()
    return new ClipPaths(kvs, await startTestGateway(kvs), await mkdtemp(join(tmpdir(), 'clipgate-paths-')))
  }

  async upload(streamName: string, documents: readonly Uint8Array[]): Promise<readonly Ack[]> {
    await this.kvs.control.send(new CreateStreamCommand({ StreamName: streamName, DataRetentionInHours: 24 }))
    const acks: Ack[] = []
    for (const document of documents)
      acks.push(...(await upload(this.kvs.url, document, { stream: streamName, start: String(this.startMs / 1000) })))
    return acks
  }

  /** The response of GetClip, in a file. */
  async getClip(streamName: string): Promise<string> {
    const [StartTimestamp, EndTimestamp] = [this.startMs / 1000 - 1, this.startMs / 1000 + 120]
    const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange: { StartTimestamp, EndTimestamp } }
    const response = await this.kvs.post('/getClip', { StreamName: streamName, ClipFragmentSelector })
    return this.#save(`${streamName}-GetClip.mp4`, response)
  }

  async request(streamName: string, cut: string, [fromMs, toMs] = [-1000, 120_000]): Promise<RequestedClip> {
    const range = {
      startTimestamp: new Date(this.startMs + fromMs).toISOString(),
      endTimestamp: new Date(this.startMs + toMs).toISOString(),
    }
    const { data, errors } = await this.gateway.ask(
      'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { downloadUrl } issues { code severity message } } }',
      { input: { streamName, cut, fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...range } },
    )
    expect(errors).toBeUndefined()
    const { requestClip }: { requestClip: RequestedClip } = JSON.parse(JSON.stringify(data))
    return requestClip
  }

  /** A clip of the gateway, in a file. */
  async clip(streamName: string, cut: 'FRAGMENT' | 'EXACT', range?: [number, number]): Promise<string> {
    const { clip, issues } = await this.request(streamName, cut, range)
    if (clip === null) throw new Error(`no clip: ${JSON.stringify(issues)}`)
    return this.#save(`${streamName}-${cut}.mp4`, await fetch(clip.downloadUrl))
  }

  /** URL of the master playlist of a session. */
  hls(streamName: string): Promise<string> {
    const TimestampRange = { StartTimestamp: new Date(this.startMs), EndTimestamp: new Date(this.startMs + 120_000) }
    return openHlsSession(this.kvs.url, {
      StreamName: streamName,
      PlaybackMode: 'ON_DEMAND',
      HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange },
    })
  }

  /** The initialization fragment and the first media fragment of the session's video, in a file. */
  async hlsFile(streamName: string): Promise<string> {
    const master = await this.hls(streamName)
    const playlistUrl = new URL(lastLine(await textOf(master)), master)
    const playlist = await textOf(playlistUrl)
    const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? ''
    const segment = playlist.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? ''
    const pieces = await Promise.all([init, segment].map(async (uri) => (await fetch(new URL(uri, playlistUrl))).bytes()))
    const file = join(this.folder, `${streamName}-HLS.mp4`)
    await writeFile(file, Buffer.concat(pieces))
    return file
  }

  async #save(name: string, response: Response): Promise<string> {
    const body = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) throw new Error(`${name}: ${response.status} ${body.toString()}`)
    const file = join(this.folder, name)
    await writeFile(file, body)
    return file
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
    await this.kvs[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true, force: true })
  }
}

async function textOf(url: string | URL): Promise<string> {
  return (await fetch(url)).text()
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
