import type { SessionId } from './records.ts'

/** What a session is called in logs: enough to find it again, too little to open or to ask for anything. */
export function sessionName(id: SessionId): string {
  return id.slice(0, 12)
}
