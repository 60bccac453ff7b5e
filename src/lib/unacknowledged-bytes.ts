import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/**
 * Bytes that the kernel has taken for a connection and its peer has not acknowledged; null where the system does not say. Linux does
 * (proc_pid_net(5)). They shrink as the peer reads, while a socket's own queue does not move before a third of the kernel's is free.
 */
export async function findUnacknowledgedBytes({ localPort, remotePort }: Socket): Promise<number | null> {
  if (localPort === undefined || remotePort === undefined) return null
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')))
  const rows = tables.flatMap((table) => table.split('\n')).map((row) => row.trim().split(/\s+/))
  const [local, remote] = [toHexPort(localPort), toHexPort(remotePort)]
  // By their ports: where two peers use the same, progress of either counts.
  const queues = rows.filter((row) => row[1]?.endsWith(local) && row[2]?.endsWith(remote)).map((row) => row[4] ?? '')
  if (queues.length === 0) return null
  return queues.reduce((sum, queue) => sum + Number.parseInt(queue, 16), 0)
}

function toHexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
