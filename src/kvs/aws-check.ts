import { ListStreamsCommand } from '@aws-sdk/client-kinesis-video'
import { GatewayError } from '../domain/errors.js'
import { messageOf } from '../lib/thrown.js'
import { type AwsCalls, toAbortError } from './aws-calls.js'
import type { AwsClients } from './aws-clients.js'
import { awsExceptionOf } from './aws-errors.js'

/** Checks that there are a Region and credentials, and that the control plane accepts them. @throws GatewayError */
export async function checkKvs(calls: AwsCalls, signal: AbortSignal): Promise<void> {
  await checkSetup(calls.clients)
  const command = new ListStreamsCommand({ MaxResults: 1 })
  try {
    // No retries: they would hide that calls fail at present.
    await calls.send('ListStreams', () => calls.clients.control.send(command, { abortSignal: signal }))
  } catch (error) {
    if (signal.aborted) throw toAbortError('ListStreams', signal)
    if (!isReachable(error)) throw calls.explain(error, 'ListStreams')
  }
}

/** Checks that the SDK finds a Region and credentials. @throws GatewayError with a message that tells the operator how to fix it */
export async function checkSetup({ control }: AwsClients): Promise<void> {
  const noRegion = 'No AWS Region is configured: set AWS_REGION, or AWS_PROFILE to a profile that names one.'
  await orDenied(control.config.region(), () => noRegion)
  await orDenied(control.config.credentials(), (why) => `No AWS credentials were found where AWS's own tools look for them (${why}).`)
}

async function orDenied(setting: Promise<unknown>, toText: (why: string) => string): Promise<void> {
  try {
    await setting
  } catch (cause) {
    throw new GatewayError('KVS_ACCESS_DENIED', toText(messageOf(cause).slice(0, 200)), {}, { cause })
  }
}

/** A throttled call, or one without permission to list streams, shows that the service knows the credentials. The permission is optional. */
function isReachable(error: unknown): boolean {
  const name = awsExceptionOf(error)?.name
  return name === 'ClientLimitExceededException' || name === 'AccessDeniedException' || name === 'NotAuthorizedException'
}
