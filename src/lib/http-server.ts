import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { codeOf } from './thrown.js'

const IDLE_CHECK_MS = 50
/** How long the headers of a request that has begun to arrive may take. */
const LAST_HEAD_MS = 1000
/** 400 for all others. */
const STATUSES: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** The open connections of an HTTP server, and the unfinished responses of each. */
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

  /** The connection has been upgraded to another protocol. The caller says so, because Node emits `upgrade` to one listener only. */
  forget(socket: Socket): void {
    this.#answers.delete(socket)
  }

  /**
   * Answers what Node refuses before there is a request, and closes the connection. While the response to an earlier request is unfinished, the
   * client would take the answer for that response, or for a part of it: the connection is then cut.
   */
  refuse(socket: Socket, error: Error, toAnswer: (status: number) => { readonly head: readonly string[]; readonly body: string }): void {
    const answers = [...(this.#answers.get(socket) ?? [])]
    if (!answers.every(({ headersSent, req }) => answers.length === 1 && !headersSent && !req.complete)) {
      this.cut(socket)
      return
    }
    const code = codeOf(error)
    if (code !== 'ECONNRESET' && socket.writable) {
      const status = STATUSES[code] ?? 400
      const { head, body } = toAnswer(status)
      socket.write(`${[`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, 'connection: close'].join('\r\n')}\r\n\r\n${body}`)
    }
    socket.destroy(error)
  }

  /** Closes a connection at once. No client takes this for the end of a response. */
  cut(socket: Socket): void {
    const [current] = this.#answers.get(socket) ?? []
    if (current === undefined) socket.destroy()
    else cutAnswer(current, socket)
  }

  cutAll(): void {
    for (const socket of this.#answers.keys()) this.cut(socket)
  }

  /** Closes the connections without an unfinished response: all of them, or those that never sent a byte. */
  closeIdle(which: 'all' | 'unused'): void {
    for (const [socket, answers] of this.#answers) {
      if (answers.size === 0 && (which === 'all' || socket.bytesRead === 0)) socket.destroy()
    }
  }
}

const known = new WeakMap<Server, Connections>()

/** Returns the same object for a server each time. The first call must come before the server listens. */
export function connectionsOf(server: Server): Connections {
  const connections = known.get(server) ?? new Connections(server)
  known.set(server, connections)
  return connections
}

/**
 * Breaks a response off. Without length and chunking (RFC 9112, 6.3, case 8) the end of the connection is the end of the body, so such a
 * connection is reset. The headers must have been set with `setHeader`, because Node shows no others.
 */
export function cutAnswer(response: ServerResponse, socket: Socket | null = response.socket): void {
  const isDelimited = response.chunkedEncoding || response.hasHeader('content-length')
  if (response.headersSent && !isDelimited) socket?.resetAndDestroy()
  else socket?.destroy()
  response.destroy()
}

/** An app that closes once its server has no connections left, as Fastify's apps do. */
export interface ClosingApp {
  readonly server: Server
  close(): PromiseLike<unknown>
}

/**
 * Closes an app once the requests in progress are answered, or after `graceMs` by cutting them. Node leaves two kinds of idle connections
 * open: those kept alive after a response, and those that have not sent a whole request yet. Both are closed here.
 */
export async function closeServer(app: ClosingApp, graceMs: number): Promise<void> {
  const connections = connectionsOf(app.server)
  const startedAt = performance.now()
  const idle = setInterval(() => {
    app.server.closeIdleConnections()
    connections.closeIdle(performance.now() - startedAt < LAST_HEAD_MS ? 'unused' : 'all')
  }, IDLE_CHECK_MS)
  const grace = setTimeout(() => {
    connections.cutAll()
    app.server.closeAllConnections()
  }, graceMs)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(grace)
  }
}

/** Whether the name or address reaches only this machine: localhost, 127.0.0.0/8 or ::1 (with or without brackets). */
export function isLoopbackHost(host: string): boolean {
  const bare = withoutBrackets(host).toLowerCase()
  if (bare === 'localhost' || bare === '::1') return true
  return isIP(bare) === 4 && bare.startsWith('127.')
}

/** Whether a server with this address listens on every address of the machine. */
export function isWildcardHost(host: string): boolean {
  const bare = withoutBrackets(host)
  return bare === '0.0.0.0' || bare === '::'
}

/** The host as part of a URL: an IPv6 address in brackets. */
export function toUrlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
