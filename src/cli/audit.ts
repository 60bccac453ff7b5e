import { Command } from 'commander'
import { FIRST_HASH } from '../audit/audit-chain.js'
import { verifyAuditLog } from '../audit/verify-audit-log.js'
import { BrokenAuditLog, WrongArgument } from './failure.js'

export function auditCommand(): Command {
  const verify = new Command('verify')
    .description('Check that no line of an audit log was changed, removed or inserted.')
    .argument('<file...>', 'the file, or the rotated files of one log, oldest first')
    .option('--expect <hash>', 'the hash of the newest line, from the ordinary log. Without it, lines missing at the end go undetected')
    .action(verifyFiles)
  return new Command('audit').description('Check the audit log of a gateway.').addCommand(verify.exitOverride())
}

async function verifyFiles(paths: readonly string[], { expect }: { readonly expect?: string }): Promise<void> {
  if (expect !== undefined && !/^[0-9a-f]{64}$/.test(expect))
    throw new WrongArgument(`--expect is ${JSON.stringify(expect)}, but must be the hash of a line: 64 hexadecimal digits in lower case.`)
  const verdict = await verifyAuditLog(paths)
  if (!verdict.intact) throw new BrokenAuditLog(`Line ${verdict.line} of ${verdict.path} breaks the chain. ${verdict.problem}`)
  const { lines, end, continues } = verdict
  if (expect !== undefined && expect !== end.hash)
    throw new BrokenAuditLog(`The log ends with hash ${end.hash}, but ${expect} was expected: lines are missing at its end, or follow.`)
  console.log(`${lines} line(s) are intact. The newest has number ${end.sequence} and hash ${end.hash}.`)
  if (lines > 0 && continues !== FIRST_HASH) console.log(`The first line continues a log that ended with hash ${continues}.`)
}
