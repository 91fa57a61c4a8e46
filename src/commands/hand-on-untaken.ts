import cluster, { type Worker } from 'node:cluster'

/** A connection on its way to a worker, as `node:cluster` holds it. */
interface Untaken {
  readonly close: () => void
}

/** What the primary and a worker say to each other about connections; `seq` numbers what is said, `ack` names what is answered. */
interface ClusterMessage {
  readonly act?: string
  readonly seq?: number
  readonly ack?: number
}

/**
 * Has a connection that was given to a worker, and that it had not taken yet when it died, served by another one.
 *
 * `node:cluster` keeps such a connection open and never looks at it again: its client, or the proxy in between, would wait for as long
 * as it has patience. Nothing of it has been read, so that it can be given away as if the worker had not wanted it. There is no interface
 * for that: what is read here is how Node 24 and 26 word it, and where it is worded in another way nothing is changed.
 */
export function handOnUntaken(worker: Worker): void {
  const child = worker.process
  const untaken = new Map<number, Untaken>()

  // oxlint-disable-next-line typescript/unbound-method -- `this` is handed on
  child.send = new Proxy(child.send, {
    apply(send, self, words: [ClusterMessage, Untaken]) {
      const [{ act, seq }, connection] = words
      if (act === 'newconn' && seq !== undefined) untaken.set(seq, connection)
      return Reflect.apply(send, self, words)
    },
  })
  child.on('internalMessage', ({ ack }: ClusterMessage) => void (ack !== undefined && untaken.delete(ack)))

  // It is gone, and all that it has said was heard.
  child.once('close', () => {
    // Which Node leaves out where something was still to be sent; without it the dead one would be given more.
    if (cluster.workers?.[worker.id] === worker) child.emit('disconnect')
    for (const [ack, connection] of untaken) {
      if (isAnybodyThere()) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false })
      else connection.close()
    }
  })
}

function isAnybodyThere(): boolean {
  return Object.values(cluster.workers ?? {}).some((worker) => worker?.isConnected() === true)
}
