/** Why an operation's signal aborted: nobody waits for its answer any more. Not a fault, so that nothing logs what follows from it. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}
