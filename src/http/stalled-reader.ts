import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Checks within an idle time. A reader is idle if no check saw it take a byte. */
const CHECKS = 4

/** Closes the connection of a reader that takes no byte for `idleMs`, or up to a quarter longer, while there are bytes to send. */
export class StalledReader {
  readonly #raw: ServerResponse
  readonly #checkMs: number
  #isWatching = false
  #unacknowledged: number | null | undefined
  #idleChecks = 0
  #checkedAtMs = 0

  constructor(raw: ServerResponse, idleMs: number) {
    this.#raw = raw
    this.#checkMs = Math.max(1, Math.ceil(idleMs / CHECKS))
    // Node emits this when no byte has left the socket's own queue for the time.
    raw.on('timeout', () => void this.#check())
  }

  /** A write has begun. */
  watch(): void {
    this.#isWatching = true
    this.#idleChecks = 0
    this.#unacknowledged = undefined
    this.#checkedAtMs = performance.now()
    this.#raw.setTimeout(this.#checkMs)
  }

  /** The write is complete: now the reader waits for the gateway. */
  rest(): void {
    this.#isWatching = false
    this.#raw.setTimeout(0)
  }

  async #check(): Promise<void> {
    const { socket } = this.#raw
    if (socket === null || !this.#isWatching) return
    const nowMs = performance.now()
    // Node restarts its timer when bytes leave.
    const hasMoved = nowMs - this.#checkedAtMs > 1.5 * this.#checkMs
    this.#checkedAtMs = nowMs
    const unacknowledged = await findUnacknowledgedBytes(socket)
    const isIdle = !hasMoved && (this.#unacknowledged === undefined || unacknowledged === this.#unacknowledged)
    this.#unacknowledged = unacknowledged
    this.#idleChecks = isIdle ? this.#idleChecks + 1 : 0
    if (!this.#isWatching) return
    if (this.#idleChecks > CHECKS) this.#raw.destroy()
    else this.#raw.setTimeout(this.#checkMs)
  }
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/**
 * Bytes that the kernel has taken for a connection and the peer has not acknowledged (proc_pid_net(5)); null where the system does not say.
 * They shrink as the peer reads. A socket's own queue does not move before a third of the kernel's queue is free.
 */
async function findUnacknowledgedBytes({ localPort, remotePort }: Socket): Promise<number | null> {
  if (localPort === undefined || remotePort === undefined) return null
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')))
  const rows = tables.flatMap((table) => table.split('\n')).map((row) => row.trim().split(/\s+/))
  const [local, remote] = [toHexPort(localPort), toHexPort(remotePort)]
  // Found by ports. If two peers use the same ports, progress of either counts.
  const queues = rows.filter((row) => row[1]?.endsWith(local) && row[2]?.endsWith(remote)).map((row) => row[4] ?? '')
  if (queues.length === 0) return null
  return queues.reduce((sum, queue) => sum + Number.parseInt(queue, 16), 0)
}

function toHexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
