import { ListStreamsCommand } from '@aws-sdk/client-kinesis-video'
import { GatewayError } from '../domain/errors.js'
import { messageOf } from '../lib/thrown.js'
import { type AwsCalls, toAbortError } from './aws-calls.js'
import type { AwsClients } from './aws-clients.js'
import { awsExceptionOf } from './aws-errors.js'

/** Whether Kinesis Video can be worked with: there is a Region, there are credentials, and the control plane takes them. @throws GatewayError */
export async function checkKvs({ clients, calls }: { clients: AwsClients; calls: AwsCalls }, signal: AbortSignal): Promise<void> {
  await checkSetup(clients)
  const command = new ListStreamsCommand({ MaxResults: 1 })
  try {
    // Asked once: a check that repeats itself until it succeeds would tell nothing of how things stand.
    await calls.send('ListStreams', () => clients.control.send(command, { abortSignal: signal }))
  } catch (error) {
    if (signal.aborted) throw toAbortError('ListStreams', signal)
    if (!isAnswerAllTheSame(error)) throw calls.explain(error, 'ListStreams')
  }
}

/** What the SDK's own chain must find before anything can be asked; an operator mends it, so that the sentence says how. @throws GatewayError */
export async function checkSetup({ control }: AwsClients): Promise<void> {
  try {
    await control.config.region()
  } catch (cause) {
    throw new GatewayError(
      'KVS_ACCESS_DENIED',
      'No AWS Region is configured: set AWS_REGION, or AWS_PROFILE to a profile that names one.',
      {},
      { cause },
    )
  }
  try {
    await control.config.credentials()
  } catch (cause) {
    const why = messageOf(cause).slice(0, 200)
    throw new GatewayError(
      'KVS_ACCESS_DENIED',
      `No AWS credentials were found where AWS's own tools look for them (${why}).`,
      {},
      { cause },
    )
  }
}

/** Throttled, or not allowed to list (a gateway may be given single streams alone): the service is there and knows us. */
function isAnswerAllTheSame(error: unknown): boolean {
  const name = awsExceptionOf(error)?.name
  return name === 'ClientLimitExceededException' || name === 'AccessDeniedException' || name === 'NotAuthorizedException'
}
