import { createServer, type Socket } from 'node:net'

/** Answers a complete request. `endpoint` is the server's own URL. */
export type HostileAnswer = (socket: Socket, request: { readonly path: string; readonly url: string }) => void | Promise<void>

/** A server without its own HTTP: the test decides which bytes are sent. */
export class HostileServer implements AsyncDisposable {
  readonly paths: string[] = []
  answer: HostileAnswer = (socket) => void socket.end()
  sentBytes = 0
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#accept(socket))

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  get openSockets(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.sentBytes += socket.bytesWritten
      this.#sockets.delete(socket)
    })
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const head = /^POST (\S+) HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/.exec(text)
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      if (head === null || text.length < head[0].length + length) return
      text = ''
      const path = head[1] ?? ''
      this.paths.push(path)
      void this.answer(socket, { path, url: this.url })
    })
  }
}

/** Writes the same chunk repeatedly, at the reader's speed, until enough bytes are written or the reader has left. */
export async function writeMany(socket: Socket, chunk: Uint8Array | string, mostBytes = Number.POSITIVE_INFINITY): Promise<void> {
  for (let written = 0; written < mostBytes && !socket.destroyed; written += chunk.length) {
    if (!socket.write(chunk)) await drained(socket)
  }
}

export function respond(socket: Socket, body: string, { status = '200 OK', headers = '' } = {}): void {
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
  )
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
