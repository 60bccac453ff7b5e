import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  type APIName,
  CreateStreamCommand,
  DeleteStreamCommand,
  GetDataEndpointCommand,
  KinesisVideoClient,
} from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import type { Acknowledgement } from '../../src/kvs/acknowledgement.js'
import type { KvsTarget } from '../../src/kvs/kvs-target.js'
import { PutMediaClient } from '../../src/kvs/put-media-client.js'
import { buildKvsServer } from '../../src/kvs-server/server.js'
import { TEST_CREDENTIALS } from '../support/kvs-test-server.js'

/** The service under test: AWS, or the embedded KVS with every option enabled that AWS enforces. */
export interface ContractSubject extends AsyncDisposable {
  readonly control: KinesisVideoClient
  /** A unique name. Its stream is deleted at the end. */
  name(label: string): string
  createStream(label: string, hours?: number): Promise<{ readonly name: string; readonly arn: string }>
  archived(streamName: string, api: APIName): Promise<KinesisVideoArchivedMediaClient>
  media(streamName: string): Promise<KinesisVideoMediaClient>
  /** One PutMedia call. Resolves with its acknowledgements, including an ERROR. */
  upload(streamName: string, body: Uint8Array, producerStartMs: number): Promise<Acknowledgement[]>
}

export async function openSubject(): Promise<ContractSubject> {
  return process.env.KVS_REMOTE === '1' ? openRemote() : openEmbedded()
}

async function openRemote(): Promise<ContractSubject> {
  return createSubject({ backend: 'aws', endpoint: null, dataEndpointSuffixes: null }, {}, async () => {})
}

async function openEmbedded(): Promise<ContractSubject> {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-contract-'))
  const server = await buildKvsServer({ dataDir, port: 0, accessKeys: [TEST_CREDENTIALS] })
  const endpoint = await server.listen()
  const config = { endpoint, region: 'us-east-1', credentials: TEST_CREDENTIALS }
  return createSubject({ backend: 'embedded', endpoint, accessKey: TEST_CREDENTIALS }, config, async () => {
    await server.close({ graceMs: 200 })
    await rm(dataDir, { recursive: true, force: true })
  })
}

interface ClientConfig {
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

function createSubject(target: KvsTarget, config: ClientConfig, close: () => Promise<void>): ContractSubject {
  const run = Date.now().toString(36)
  const control = new KinesisVideoClient(config)
  const producer = new PutMediaClient(target)
  const clients: { destroy(): void }[] = [control]
  const arns: string[] = []
  const endpointOf = async (StreamName: string, APIName: APIName) => {
    const { DataEndpoint = '' } = await control.send(new GetDataEndpointCommand({ StreamName, APIName }))
    return { ...config, endpoint: DataEndpoint }
  }
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client)
    return client
  }
  const name = (label: string) => `clipgate-contract-${run}-${label}`
  return {
    control,
    name,
    async createStream(label, hours = 1) {
      const created = await control.send(new CreateStreamCommand({ StreamName: name(label), DataRetentionInHours: hours }))
      const arn = created.StreamARN ?? ''
      arns.push(arn)
      return { name: name(label), arn }
    },
    archived: async (streamName, api) => kept(new KinesisVideoArchivedMediaClient(await endpointOf(streamName, api))),
    media: async (streamName) => kept(new KinesisVideoMediaClient(await endpointOf(streamName, 'GET_MEDIA'))),
    async upload(streamName, body, producerStartMs) {
      const acks: Acknowledgement[] = []
      const media = Readable.from(chunksOf(body), { objectMode: false })
      const upload = {
        streamName,
        media,
        timecodeType: 'RELATIVE',
        producerStartMs,
        onAcknowledgement: (ack: Acknowledgement) => acks.push(ack),
      } as const
      await producer.upload(upload, AbortSignal.timeout(120_000)).catch((error: unknown) => {
        // An ERROR acknowledgement reports refused media, and the caller checks for it.
        if (!acks.some(({ eventType }) => eventType === 'ERROR')) throw error
      })
      return acks
    },
    async [Symbol.asyncDispose]() {
      for (const StreamARN of arns) await control.send(new DeleteStreamCommand({ StreamARN })).catch(() => {})
      for (const client of clients) client.destroy()
      producer.close()
      await close()
    },
  }
}

function* chunksOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += 65_536) yield body.subarray(at, at + 65_536)
}
