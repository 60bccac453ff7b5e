import type { Clock } from '../lib/clock.js'
import { AuditFile, STANDARD_OUTPUT } from './audit-file.js'
import { AuditLog } from './audit-log.js'
import { AuditSigner, type SignedEnd } from './audit-signer.js'

export interface OpenAuditLogOptions {
  /** Absolute, or - for standard output. */
  readonly path: string
  /** The file of the signing key. Created if it is missing. */
  readonly keyPath: string
  readonly clock: Clock
  readonly onSigned: (end: SignedEnd) => void
  readonly onProblem: (message: string, error: unknown) => void
}

/** @throws NotAnAuditLog */
export async function openAuditLog({ path, keyPath, clock, onSigned, onProblem }: OpenAuditLogOptions): Promise<AuditLog> {
  const signer = await AuditSigner.open(keyPath)
  const onCut = (text: string) => onProblem('The audit log ended with an incomplete line, which was removed.', text)
  const sink = path === '-' ? STANDARD_OUTPUT : await AuditFile.open(path, onCut)
  const report = (error: unknown) => onProblem('The audit log cannot be written', error)
  return new AuditLog({ sink, signer, clock, onSigned, onProblem: report })
}
