import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The open connections of an HTTP server, and the answers that each still owes. */
export class Connections {
  readonly #answers = new Map<Socket, Set<ServerResponse>>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#answers.set(socket, new Set())
      socket.once('close', () => this.#answers.delete(socket))
    })
    server.on('request', ({ socket }, response) => {
      this.#answers.get(socket)?.add(response)
      response.once('close', () => this.#answers.get(socket)?.delete(response))
    })
  }

  /** A connection that speaks another protocol from now on. Heard of here and not from the server: Node upgrades for whoever listens. */
  forget(socket: Socket): void {
    this.#answers.delete(socket)
  }

  /**
   * Whether a client whose bytes cannot be read as HTTP can be told so. It cannot while an answer to an earlier request is owed: text
   * would become a part of that answer, or be taken for it.
   */
  canRefuse(socket: Socket): boolean {
    const answers = [...(this.#answers.get(socket) ?? [])]
    return answers.every(({ headersSent, req }) => answers.length === 1 && !headersSent && !req.complete)
  }

  /** Closes a connection at once, in a way that no client takes for the end of an answer. */
  cut(socket: Socket): void {
    const [current] = this.#answers.get(socket) ?? []
    if (current === undefined) socket.destroy()
    else cutAnswer(current, socket)
  }

  cutAll(): void {
    for (const socket of this.#answers.keys()) this.cut(socket)
  }

  /** Closes the connections that owe no answer: all of them, or those that never sent a byte. */
  closeIdle(which: 'all' | 'unused'): void {
    for (const [socket, answers] of this.#answers) {
      if (answers.size === 0 && (which === 'all' || socket.bytesRead === 0)) socket.destroy()
    }
  }
}

const known = new WeakMap<Server, Connections>()

/** The same object for a server each time. The first call comes before the server listens. */
export function connectionsOf(server: Server): Connections {
  const connections = known.get(server) ?? new Connections(server)
  known.set(server, connections)
  return connections
}

/**
 * Breaks an answer off. A client of an answer with neither length nor chunking (RFC 9112, 6.3, case 8) takes the end of the connection
 * for the end of the body, so that connection is reset. Its headers must have been set by `setHeader`: Node shows no others.
 */
export function cutAnswer(response: ServerResponse, socket: Socket | null = response.socket): void {
  const isDelimited = response.chunkedEncoding || response.hasHeader('content-length')
  if (response.headersSent && !isDelimited) socket?.resetAndDestroy()
  else socket?.destroy()
  response.destroy()
}
