import { once } from 'node:events'
import { type Client, createClient, type ExecutionResult } from 'graphql-ws'
import { WebSocket } from 'ws'

export const CLIP_PROGRESS =
  'subscription ($id: ID!) { clipProgress(id: $id) { id state progress sizeBytes etag form timeline { mediaStartMs } failure { code retryable } } }'

export interface SeenClip {
  readonly id: string
  readonly state: string
  readonly progress: number
  readonly sizeBytes: number | null
  readonly etag: string | null
  readonly form: string
  readonly timeline: readonly { readonly mediaStartMs: number }[]
  readonly failure: { readonly code: string; readonly retryable: boolean } | null
}

export type Result = ExecutionResult<{ clipProgress: SeenClip }>

/** A client as frontends use it. */
export function createSocketClient(url: string, headers: Readonly<Record<string, string>> = {}): Client {
  return createClient({
    url: toSocketUrl(url),
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers })
      }
    },
    retryAttempts: 0,
  })
}

/** The values of `clipProgress`, each with its arrival time. Throws the error of the gateway, if any. */
export async function watchClip(client: Client, id: string): Promise<{ readonly clip: SeenClip; readonly atMs: number }[]> {
  const seen: { clip: SeenClip; atMs: number }[] = []
  for await (const { data, errors } of client.iterate<{ clipProgress: SeenClip }>({ query: CLIP_PROGRESS, variables: { id } })) {
    if (errors) throw errors
    if (data) seen.push({ clip: data.clipProgress, atMs: performance.now() })
  }
  return seen
}

export interface Message {
  readonly type: string
  readonly id?: string
  readonly payload?: unknown
}

export interface RawSocketOptions {
  readonly path?: string
  readonly protocols?: string[]
  readonly headers?: Record<string, string>
}

/** The raw protocol, for messages that a well-behaved client does not send. */
export class RawSocket {
  readonly socket: WebSocket
  readonly #messages: Message[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>

  constructor(url: string, { path = '/graphql', protocols = ['graphql-transport-ws'], headers = {} }: RawSocketOptions = {}) {
    this.socket = new WebSocket(toSocketUrl(url, path), protocols, { headers })
    this.socket.on('message', (data) => this.#messages.push(JSON.parse(String(data))))
    this.socket.on('error', () => null)
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
  }

  /** Open, with an acknowledged connection. */
  static async connect(url: string): Promise<RawSocket> {
    const raw = new RawSocket(url)
    await once(raw.socket, 'open')
    raw.send({ type: 'connection_init' })
    await raw.until('connection_ack')
    return raw
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  subscribe(id: string, payload: object): void {
    this.send({ id, type: 'subscribe', payload })
  }

  /** The next message of this type, optionally of this subscription. Earlier messages are dropped. */
  async until(type: string, id?: string): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift()
      if (message === undefined) await Promise.race([once(this.socket, 'message'), this.#untilClosed(type)])
      else if (message.type === type && (id === undefined || message.id === id)) return message
    }
  }

  async #untilClosed(type: string): Promise<never> {
    const { code, reason } = await this.closed
    throw new Error(`closed with ${code} ${reason} before ${type}`)
  }
}

function toSocketUrl(url: string, path = '/graphql'): string {
  return `${url.replace(/^http/, 'ws')}${path}`
}
