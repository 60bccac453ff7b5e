import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { PutMediaClient, type Upload } from '../../src/kvs/put-media-client.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { streamInfo } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

/** The data side of PutMedia alone: the test sees the upload itself. */
class UploadEnd {
  readonly uploads: IncomingMessage[] = []
  readonly #server: Server
  answer: (upload: IncomingMessage, response: ServerResponse) => void = () => undefined

  constructor() {
    this.#server = createServer((upload, response) => {
      this.uploads.push(upload)
      this.answer(upload, response)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

let control: KvsWireStub
let end: UploadEnd
let client: PutMediaClient

beforeEach(async () => {
  control = await new KvsWireStub().listen()
  end = new UploadEnd()
  const url = await end.listen()
  control.on('/getDataEndpoint', () => ({ DataEndpoint: url }))
  client = new PutMediaClient({ backend: 'embedded', endpoint: control.url, accessKey: { accessKeyId: 'AKID', secretAccessKey: 'secret' } })
})
afterEach(async () => {
  client.close()
  await end.close()
  await control.close()
})

function upload(media: Readable, more: Partial<Upload> = {}) {
  return client.upload({ streamName: 'dock-3', media, timecodeType: 'ABSOLUTE', producerStartMs: 1_790_000_000_005, ...more }, enoughTime())
}

const ack = (eventType: string, more: object = {}) =>
  `${JSON.stringify({ EventType: eventType, FragmentTimecode: 7, FragmentNumber: '1', ...more })}\n`

/** Reads the upload to its end, and acknowledges it as persisted. */
async function takeAll(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(200)
  response.write(ack('BUFFERING'))
  let received = 0
  for await (const chunk of incoming) received += chunk.length
  response.write(ack('RECEIVED', { FragmentTimecode: received }))
  response.end(ack('PERSISTED'))
}

describe('an upload', () => {
  test('sends the media in chunks with the headers of PutMedia, and signs an empty payload', async () => {
    end.answer = (incoming, response) => void takeAll(incoming, response)
    const seen: string[] = []
    const chunks = [Buffer.alloc(100_000), Buffer.alloc(5)]
    const summary = await upload(Readable.from(chunks), { onAcknowledgement: ({ eventType }) => seen.push(eventType) })
    expect(summary).toEqual({ sentBytes: 100_005, persistedFragments: 1 })
    expect(seen).toEqual(['BUFFERING', 'RECEIVED', 'PERSISTED'])
    expect(control.to('/getDataEndpoint')[0]?.body).toEqual({ APIName: 'PUT_MEDIA', StreamName: 'dock-3' })
    expect(end.uploads[0]?.headers).toMatchObject({
      'x-amzn-stream-name': 'dock-3',
      'x-amzn-fragment-timecode-type': 'ABSOLUTE',
      'x-amzn-producer-start-timestamp': '1790000000.005',
      'transfer-encoding': 'chunked',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/kinesisvideo\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
      ),
    })
  })

  test('receives acknowledgements while it runs', async () => {
    end.answer = (incoming, response) => void takeAll(incoming, response)
    const { promise: buffering, resolve } = Promise.withResolvers<void>()
    const media = Readable.from(
      (async function* () {
        yield Buffer.from('first')
        await buffering
        yield Buffer.from('second')
      })(),
    )
    const summary = await upload(media, { onAcknowledgement: ({ eventType }) => eventType === 'BUFFERING' && resolve() })
    expect(summary.sentBytes).toBe(11)
  })

  test('creates the stream if it does not exist and createStream is set', async () => {
    end.answer = (incoming, response) => void takeAll(incoming, response)
    let isThere = false
    control.on('/describeStream', (_, response) =>
      isThere ? { StreamInfo: streamInfo() } : refuse(response, 404, 'ResourceNotFoundException', 'none'),
    )
    control.on('/createStream', () => {
      isThere = true
      return { StreamARN: 'arn' }
    })
    await upload(Readable.from([Buffer.from('a')]), { createStream: { dataRetentionInHours: 24, mediaType: 'video/h264' } })
    expect(control.to('/createStream').map(({ body }) => body)).toEqual([
      { StreamName: 'dock-3', DataRetentionInHours: 24, MediaType: 'video/h264' },
    ])
  })
})

describe('an upload that fails', () => {
  test('because of its media names the fragment and the reason', async () => {
    end.answer = (incoming, response) => {
      incoming.resume()
      response.writeHead(200)
      response.end(ack('ERROR', { ErrorId: 4006, ErrorCode: 'INVALID_MKV_DATA' }))
    }
    await expect(upload(endless())).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'BAD_USER_INPUT',
      message: 'Kinesis Video refused the media at the fragment with timecode 7: INVALID_MKV_DATA (4006)',
    })
  })

  test.each([
    [404, 'ResourceNotFoundException', 'NOT_FOUND'],
    [400, 'ConnectionLimitExceededException', 'KVS_THROTTLED'],
    [403, 'AccessDeniedException', 'KVS_ACCESS_DENIED'],
  ])('before it starts has the error of any other call: %i %s', async (status, name, code) => {
    end.answer = (_, response) => refuse(response, status, name, 'what AWS says')
    await expect(upload(endless())).rejects.toMatchObject({ name: 'GatewayError', code, details: { awsRequestId: 'request-1' } })
  })

  test('with an HTML page is classified by its status', async () => {
    end.answer = (_, response) => void response.writeHead(503).end('<html>'.repeat(100_000))
    await expect(upload(endless())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
  })

  test('because the connection is lost is not complete', async () => {
    end.answer = (incoming) => incoming.once('data', () => incoming.destroy())
    await expect(upload(endless())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
  })

  test('because the service ends it early is not complete', async () => {
    end.answer = (incoming, response) => {
      incoming.resume()
      response.writeHead(200).end(ack('PERSISTED'))
    }
    await expect(upload(endless())).rejects.toThrow('Kinesis Video ended PutMedia before all media was sent.')
  })

  test('because its source fails has the error of the source', async () => {
    end.answer = (incoming, response) => {
      incoming.on('error', () => undefined)
      incoming.resume()
      response.writeHead(200).write(ack('BUFFERING'))
    }
    const media = Readable.from(
      (async function* () {
        yield Buffer.from('a')
        throw new Error('the file cannot be read')
      })(),
    )
    await expect(upload(media)).rejects.toMatchObject({ cause: expect.objectContaining({ message: 'the file cannot be read' }) })
  })

  test('because the caller aborts rejects with the reason, and releases the source', async () => {
    const controller = new AbortController()
    end.answer = (incoming, response) => {
      incoming.on('error', () => undefined)
      incoming.resume()
      response.writeHead(200).write(ack('BUFFERING'))
    }
    const media = endless()
    const left = client.upload(
      {
        streamName: 'dock-3',
        media,
        timecodeType: 'RELATIVE',
        producerStartMs: 0,
        onAcknowledgement: () => controller.abort(new Error('stopped')),
      },
      controller.signal,
    )
    await expect(left).rejects.toThrow('stopped')
    expect(media.destroyed).toBe(true)
  })
})

function endless(): Readable {
  return Readable.from(
    (async function* () {
      for (;;) {
        yield Buffer.alloc(1000)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })(),
  )
}
