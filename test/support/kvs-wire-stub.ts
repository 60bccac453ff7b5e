import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request as it arrived over the wire. */
export interface WireRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readonly<Record<string, unknown>>
}

export type WireAnswer = (request: WireRequest, response: ServerResponse) => object | undefined | Promise<object | undefined>

/** The wire protocol of Kinesis Video with responses of the test, one for each path. GetDataEndpoint returns the stub itself. */
export class KvsWireStub {
  readonly requests: WireRequest[] = []
  readonly #answers = new Map<string, WireAnswer>()
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get port(): number {
    const address = this.#server.address()
    return isAddress(address) ? address.port : 0
  }

  async listen(port = 0): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    this.on('/getDataEndpoint', () => ({ DataEndpoint: this.url }))
    return this
  }

  on(path: string, answer: WireAnswer): this {
    this.#answers.set(path, answer)
    return this
  }

  /** The requests to a path. */
  to(path: string): WireRequest[] {
    return this.requests.filter((request) => request.path === path)
  }

  get openSockets(): number {
    return this.#sockets.size
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? ''
    const request = { path, headers: incoming.headers, body: path === '/putMedia' ? {} : await readJson(incoming) }
    this.requests.push(request)
    const answer = await this.#answers.get(path)?.(request, response)
    if (answer === undefined) return
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'request-1' }).end(JSON.stringify(answer))
  }
}

/** An error response in the form of the service (kvs facts, 1.5). */
export function refuse(response: ServerResponse, status: number, name: string, message: string): undefined {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': name, 'x-amzn-requestid': 'request-1' })
    .end(JSON.stringify({ __type: name, Message: message }))
}

async function readJson(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  const value: unknown = text === '' ? {} : JSON.parse(text)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
