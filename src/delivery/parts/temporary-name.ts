import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { codeOf } from '../../lib/thrown.js'

export const TEMPORARY_SUFFIX = '.tmp'
/** Owners renew their temporary files far more often than this. */
const ABANDONED_AFTER_MS = 120_000
/** For names of earlier versions, whose owners renew nothing. */
const UNKNOWN_ABANDONED_AFTER_MS = 3_600_000

/** A process id is unique only within one PID namespace of one boot of one machine. Each container has a process 1. */
const SCOPE = createHash('sha256').update([bootId(), pidNamespace(), hostname()].join('\0')).digest('hex').slice(0, 16)
/** Distinguishes this process from an earlier one with the same id. */
const SESSION = randomUUID()
const NAME = /\.([0-9a-f]{16})-(\d+)-([0-9a-f-]{36})-[0-9a-f-]{36}\.tmp$/

/** A name that no other process, thread or store chooses. It contains the owner of the file. */
export function createTemporaryName(partName: string): string {
  return `${partName}.${SCOPE}-${process.pid}-${SESSION}-${randomUUID()}${TEMPORARY_SUFFIX}`
}

export function isOwn(name: string): boolean {
  return NAME.exec(name)?.[3] === SESSION
}

/** Whether nobody writes the file any more: its owner is dead or, where that is unknown, has not renewed it. */
export function isAbandoned(name: string, ageMs: number): boolean {
  const [, scope, pid, session] = NAME.exec(name) ?? []
  if (session === undefined) return isOfDeadProcess(name) || ageMs > UNKNOWN_ABANDONED_AFTER_MS
  if (session === SESSION) return false
  if (scope === SCOPE && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true
  return ageMs > ABANDONED_AFTER_MS
}

/** For names of earlier versions. The process may be in another container, so our own id proves nothing. */
function isOfDeadProcess(name: string): boolean {
  const [, pid] = /\.(\d+)-\d+\.tmp$/.exec(name) ?? []
  return pid === undefined || !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    // Not Linux. The host name must be enough.
    return ''
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
