import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  /** Everything that was received, one character a byte. */
  readonly text: string
  /** The code of the error that ended the connection, such as ECONNRESET, or null for an orderly end. */
  readonly error: string | null
}

/** A connection over which a test writes any bytes. */
export class RawConnection {
  readonly socket: Socket
  readonly #chunks: Buffer[] = []
  #error: string | null = null

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message
    })
    this.socket.on('end', () => this.socket.end())
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Resolves when the server closes the connection. */
  async end(): Promise<RawAnswer> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve))
    return { text: this.text, error: this.#error }
  }

  async until(isThere: (text: string) => boolean): Promise<void> {
    while (!isThere(this.text)) await once(this.socket, 'data')
  }
}

/** The status and headers in the text of a response. Names are in lower case, and headers that vary between responses are removed. */
export function headOf(text: string): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const lasting = headers.filter(([name]) => !['date', 'connection', 'keep-alive', 'x-request-id'].includes(name))
  return { status: Number(statusLine.split(' ')[1]), headers: Object.fromEntries(lasting), body: text.slice(end + 4) }
}
