/** Somebody who can sign in at the demo's provider; all of them are made up. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
  /** What the sign-in page says about them. */
  readonly about: string
}

export const PEOPLE: readonly Person[] = [
  { id: 'mara', name: 'Mara Lindqvist', email: 'mara@example.com', role: 'guest', about: 'Guest, came for the concert' },
  { id: 'jonas', name: 'Jonas Okafor', email: 'jonas@example.com', role: 'attendant', about: 'Attendant, knows every hook' },
  { id: 'ines', name: 'Inês Duarte', email: 'ines@example.com', role: 'manager', about: 'Manager, has the keys' },
]

export function findPerson(id: string | undefined): Person | undefined {
  return PEOPLE.find((person) => person.id === id)
}

/** First letters of the first and the last name. */
export function initialsOf({ name }: Person): string {
  const words = name.split(' ')
  return `${words[0]?.[0] ?? ''}${words.at(-1)?.[0] ?? ''}`
}
