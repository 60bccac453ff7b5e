import type { WebSocket } from '@fastify/websocket'

/** How long a client that is told to go may take to say goodbye. */
const GOODBYE_MS = 1000

/** Closes a WebSocket with a reason, and the connection below it when the client does not answer to that. */
export function dismissSocket(socket: WebSocket, code: number, reason: string, goodbyeMs: number = GOODBYE_MS): void {
  if (socket.readyState !== socket.OPEN) return
  socket.close(code, reason)
  const cut = setTimeout(() => socket.terminate(), goodbyeMs)
  socket.once('close', () => clearTimeout(cut))
}
