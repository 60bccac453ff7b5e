import { type ClientRequest, type IncomingMessage, request } from 'node:http'

export interface Ack {
  readonly EventType: string
  readonly FragmentTimecode?: number
  readonly FragmentNumber?: string
  readonly ErrorId?: number
  readonly ErrorCode?: string
}

export interface ProducerOptions {
  readonly stream: string
  readonly timecodes?: 'ABSOLUTE' | 'RELATIVE'
  /** Epoch seconds, as the header spells them. */
  readonly start?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A PutMedia call of a producer: bytes are sent when the test says so, and acknowledgements arrive at the same time. */
export class Producer {
  readonly acks: Ack[] = []
  /** Resolves when the response ends, with its status, and with its body if it is an error. */
  readonly answer: Promise<{ readonly status: number; readonly type: string | undefined; readonly body: string }>
  readonly request: ClientRequest
  #line = ''
  #waiting: (() => void)[] = []
  #isOver = false

  constructor(url: string, { stream, timecodes = 'RELATIVE', start = '1700000000', headers = {} }: ProducerOptions) {
    this.request = request(`${url}/putMedia`, {
      method: 'POST',
      headers: {
        'x-amzn-stream-name': stream,
        'x-amzn-fragment-timecode-type': timecodes,
        'x-amzn-producer-start-timestamp': start,
        'transfer-encoding': 'chunked',
        ...headers,
      },
    })
    this.request.flushHeaders()
    this.answer = new Promise((resolve, reject) => {
      this.request.on('response', (response) => {
        this.#read(response).then(resolve, reject)
      })
      this.request.on('error', reject)
    })
    this.answer.catch(() => this.#end())
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      // A write to a connection that closes at the same time may never call back.
      const lost = () => reject(new Error('the connection is gone'))
      if (this.request.closed) return lost()
      this.request.once('close', lost)
      this.request.write(bytes, (error) => {
        this.request.removeListener('close', lost)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  /** Ends the body, and resolves with all acknowledgements. */
  async finish(): Promise<readonly Ack[]> {
    this.request.end()
    await this.answer
    return this.acks
  }

  /** Resolves with the last acknowledgement of this kind, once there is one. */
  async until(event: string, count = 1): Promise<Ack> {
    for (;;) {
      const found = this.acks.filter(({ EventType }) => EventType === event)
      const last = found.at(-1)
      if (last !== undefined && found.length >= count) return last
      if (this.#isOver) throw new Error(`the answer ended before ${event}: ${JSON.stringify(this.acks)}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  breakOff(): void {
    this.request.destroy()
  }

  async #read(response: IncomingMessage): Promise<{ status: number; type: string | undefined; body: string }> {
    const status = response.statusCode ?? 0
    let body = ''
    try {
      for await (const chunk of response) {
        if (status === 200) this.#take(String(chunk))
        else body += String(chunk)
      }
    } finally {
      this.#end()
    }
    const type = response.headers['x-amzn-errortype']
    return { status, type: typeof type === 'string' ? type : undefined, body }
  }

  #take(text: string): void {
    const lines = (this.#line + text).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.acks.push(JSON.parse(line))
    this.#wake()
  }

  #end(): void {
    this.#isOver = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Uploads a whole file at once. */
export async function upload(url: string, bytes: Uint8Array, options: ProducerOptions): Promise<readonly Ack[]> {
  const producer = new Producer(url, options)
  await producer.send(bytes)
  return producer.finish()
}
