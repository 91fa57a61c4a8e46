import type { ChangeListener } from './listeners.ts'
import type { Call, Send } from './redis-call.ts'
import type { Replicas } from './redis-replicas.ts'

interface Steps {
  readonly call: Call
  readonly tell: ChangeListener
  readonly replicas: Pick<Replicas, 'haveIt'>
}

type Run<Answer> = (send: Send) => Promise<Answer>

export type Changes = ReturnType<typeof createChanges>

/** Runs operations that change `keys`, and tells of that here before the caller goes on: the server's own word may come later. */
export function createChanges({ call, tell, replicas }: Steps) {
  async function change<Answer>(operation: string, keys: readonly string[], run: Run<Answer>): Promise<Answer> {
    const answer = await call(operation, run)
    for (const key of keys) tell(key)
    return answer
  }

  /** What should outlive a failover: where the answer `isChange`, the caller goes on once a replica has it too, or none keeps up. */
  async function changeLastingly<Answer>(
    operation: string,
    keys: readonly string[],
    run: Run<Answer>,
    isChange: (answer: Answer) => boolean,
  ): Promise<Answer> {
    const answer = await change(operation, keys, run)
    if (isChange(answer)) await replicas.haveIt()
    return answer
  }

  return { change, changeLastingly }
}
