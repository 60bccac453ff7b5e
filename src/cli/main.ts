#!/usr/bin/env node
import './process-settings.js'
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { auditCommand } from './audit.js'
import { toExitCode, toSentence } from './failure.js'
import { keysCommand } from './keys.js'
import { kvsCommand } from './kvs.js'
import { putMediaCommand } from './put-media.js'
import { serveCommand } from './serve.js'

function createProgram(): Command {
  const program = new Command('clipgate')
    .description('MP4 clips of camera footage in Kinesis Video Streams, through GraphQL. Includes an embedded server for local use.')
    .version(readVersion())
    .exitOverride()
  for (const command of [serveCommand(), kvsCommand(), putMediaCommand(), keysCommand(), auditCommand()])
    program.addCommand(command.exitOverride())
  return program
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

try {
  await createProgram().parseAsync()
} catch (error) {
  // Commander has already printed its message (usage, help, version).
  if (!(error instanceof CommanderError)) console.error(toSentence(error))
  process.exitCode = toExitCode(error)
}
