import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']
/** A thousand stalled readers share one reading of the tables, which have a row for each connection. */
const FRESH_MS = 100

let shared: { readonly readAtMs: number; readonly queues: Promise<ReadonlyMap<string, number>> } | null = null

/**
 * The bytes that the kernel has taken for a connection and the peer has not acknowledged (proc_pid_net(5)). They shrink as the peer reads.
 * A socket's own queue does not move before a third of the kernel's queue is free. Null if the system does not report them.
 */
export async function findUnacknowledgedBytes({ localPort, remotePort }: Socket): Promise<number | null> {
  if (localPort === undefined || remotePort === undefined) return null
  const nowMs = performance.now()
  if (shared === null || nowMs - shared.readAtMs >= FRESH_MS) shared = { readAtMs: nowMs, queues: readQueues() }
  return (await shared.queues).get(`${toHexPort(localPort)} ${toHexPort(remotePort)}`) ?? null
}

/** By local and remote port. If two peers use the same ports, progress of either counts. */
async function readQueues(): Promise<ReadonlyMap<string, number>> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')))
  const queues = new Map<string, number>()
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const [, ports, bytes] = /^\s*\d+: \w+:(\w+ \w+:\w+) \w+ (\w+):/.exec(line) ?? []
    if (ports === undefined || bytes === undefined) continue
    const key = ports.replace(/ \w+:/, ' ')
    queues.set(key, (queues.get(key) ?? 0) + Number.parseInt(bytes, 16))
  }
  return queues
}

function toHexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
