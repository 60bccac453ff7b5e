import { connect, type Socket } from 'node:net'
import { readFixture } from './fixtures.js'

/** The server's response to a recorded request. */
export interface RecordedAnswer {
  readonly status: number
  readonly text: string
}

/** The bytes of a request as a producer sent them, including the head: the test checks that the server understands exactly these. */
export class RecordedUpload {
  readonly #socket: Socket
  readonly #bytes: Uint8Array
  readonly #headBytes: number
  #text = ''
  readonly answer: Promise<RecordedAnswer>

  constructor(url: string, fixture: string) {
    this.#bytes = readFixture(fixture)
    this.#headBytes = Buffer.from(this.#bytes).indexOf('\r\n\r\n') + 4
    this.#socket = connect(Number(new URL(url).port), '127.0.0.1')
    this.#socket.on('data', (part) => {
      this.#text += part.toString()
      // The server would keep the connection open for the next request.
      if (this.#text.endsWith('\r\n0\r\n\r\n')) this.#socket.end()
    })
    this.answer = new Promise((resolve, reject) => {
      this.#socket.on('error', reject)
      this.#socket.on('close', () => resolve(this.#toAnswer()))
    })
    this.answer.catch(() => {})
  }

  /** Sends the head, and resolves when the server begins its response: `100 Continue` or a refusal. */
  async open(): Promise<void> {
    this.#socket.write(this.#bytes.subarray(0, this.#headBytes))
    while (this.#text === '') await new Promise((resolve) => this.#socket.once('data', resolve))
  }

  /** Sends the rest, and resolves with the whole response. */
  async finish(): Promise<RecordedAnswer> {
    this.#socket.write(this.#bytes.subarray(this.#headBytes))
    return this.answer
  }

  #toAnswer(): RecordedAnswer {
    const text = this.#text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
  }
}

/** The acknowledgements in a response, by kind. */
export function acknowledgementsOf({ text }: RecordedAnswer, eventType: string): { FragmentTimecode: number; FragmentNumber: string }[] {
  return [...text.matchAll(/\{"EventType".*?\}/g)].map(([line]) => JSON.parse(line)).filter(({ EventType }) => EventType === eventType)
}
