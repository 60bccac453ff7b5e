import { CommanderError } from 'commander'
import { InvalidFile } from '../auth/file-fields.js'
import { WrongSetting } from '../config/env.js'

/** An invalid argument. The message is one sentence: which argument, its value, and what is allowed. */
export class WrongArgument extends Error {
  override readonly name = 'WrongArgument'
}

/** Only a part of the footage was sent. The message is one sentence: why, and what to do. */
export class MediaCutShort extends Error {
  override readonly name = 'MediaCutShort'
}

/** An audit log is not as it was written. The message says where, and why. */
export class BrokenAuditLog extends Error {
  override readonly name = 'BrokenAuditLog'
}

/** The exit code: 0 for help and version, 2 for wrong settings or arguments, 1 for everything else. */
export function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof WrongSetting || error instanceof WrongArgument || error instanceof InvalidFile ? 2 : 1
}

/** One plain sentence for a person at a shell. An unknown error keeps its stack: it is a bug to report. */
export function toSentence(error: unknown): string {
  if (!(error instanceof Error)) return `clipgate failed: ${String(error)}`
  return (
    systemSentence(error) ??
    unreachableSentence(error) ??
    (isTold(error) ? error.message : `clipgate failed: ${error.stack ?? error.message}`)
  )
}

/** Errors whose message is written for the person who runs the command. */
function isTold(error: Error): boolean {
  return [
    'WrongSetting',
    'GatewayError',
    'WrongArgument',
    'MediaCutShort',
    'ArchiveError',
    'InvalidFile',
    'InvalidManifest',
    'BrokenAuditLog',
    'NotAnAuditLog',
  ].includes(error.name)
}

/** What the operating system refused, and what to do about it. */
function systemSentence(error: Error): string | null {
  const code = textOf(error, 'code')
  const where = [textOf(error, 'address'), textOf(error, 'port')].filter((part) => part !== null).join(':')
  const path = textOf(error, 'path')
  if (code === 'EADDRINUSE')
    return `The address ${where} is already in use. Stop the other program, or set another PORT (KVS_PORT for the embedded KVS).`
  if (code === 'EADDRNOTAVAIL')
    return `This machine has no address ${where}. Set HOST (KVS_HOST for the embedded KVS) to an address of this machine.`
  if (code === 'EACCES' && path === null) return `This user may not listen on ${where}. Set PORT to 1024 or more.`
  if (code === 'ENOENT') return `The file or folder ${path ?? ''} does not exist.`
  if (code === 'EISDIR') return `${path ?? 'The path'} is a folder, not a file.`
  if (code === 'EACCES' || code === 'EPERM') return `This user has no permission to read or write ${path ?? 'a file'}.`
  return code === 'ENOSPC' ? 'The disk is full.' : null
}

/** A refused connection, anywhere in the chain of causes. */
function unreachableSentence(error: Error): string | null {
  for (let cause: unknown = error.cause, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1) {
    // Node tries each address of a name and collects the errors.
    const refused = cause instanceof AggregateError ? cause.errors.find((each) => each instanceof Error) : cause
    if (!(refused instanceof Error) || textOf(refused, 'code') !== 'ECONNREFUSED') continue
    return `No server is listening on ${textOf(refused, 'address')}:${textOf(refused, 'port')}. Start clipgate serve or clipgate kvs there, or set the address of Kinesis Video.`
  }
  return null
}

function textOf(error: Error, key: string): string | null {
  const value: unknown = Reflect.get(error, key)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}
