//! The list of the open connections.

use crate::connection::{Connection, WeakConnection};

/// Every connection has an entry, so that is a pointer in a list: one list for those without a mount,
/// and behind it one for each mount.
#[derive(Default)]
pub(super) struct OpenConnections {
    lists: Vec<List>,
    count: usize,
}

/// Entries keep their place. Who comes takes the place of one who left, so the list is as long as the
/// most who were there at a time.
#[derive(Default)]
struct List {
    places: Vec<Option<WeakConnection>>,
    holes: Vec<u32>,
}

/// Where a connection's entry is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    list: u32,
    index: u32,
}

impl OpenConnections {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn add(&mut self, mount: Option<usize>, connection: &Connection) -> Place {
        let list = list_of(mount);
        if self.lists.len() <= list {
            self.lists.resize_with(list + 1, List::default);
        }
        self.count += 1;
        Place { list: number(list), index: self.lists[list].add(connection.downgrade()) }
    }

    pub(super) fn remove(&mut self, place: Place) {
        let list = self.lists.get_mut(place.list as usize);
        let entry = list.and_then(|list| list.remove(place.index));
        self.count -= usize::from(entry.is_some());
    }

    pub(super) fn of_mount(&self, mount: usize) -> Vec<Connection> {
        self.lists.get(list_of(Some(mount))).into_iter().flat_map(List::all).collect()
    }

    pub(super) fn all(&self) -> Vec<Connection> {
        self.lists.iter().flat_map(List::all).collect()
    }
}

impl List {
    fn add(&mut self, connection: WeakConnection) -> u32 {
        if let Some(hole) = self.holes.pop() {
            self.places[hole as usize] = Some(connection);
            return hole;
        }
        self.places.push(Some(connection));
        number(self.places.len() - 1)
    }

    fn remove(&mut self, index: u32) -> Option<WeakConnection> {
        let entry = self.places.get_mut(index as usize)?.take()?;
        self.holes.push(index);
        Some(entry)
    }

    fn all(&self) -> impl Iterator<Item = Connection> {
        self.places.iter().flatten().filter_map(WeakConnection::upgrade)
    }
}

fn list_of(mount: Option<usize>) -> usize {
    mount.map_or(0, |mount| mount + 1)
}

/// No machine has the memory for more entries than a number of this size tells apart.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::OpenConnections;
    use crate::connection::Connection;

    #[test]
    fn the_places_of_those_who_left_are_taken_again() {
        let mut open = OpenConnections::default();
        let connections: Vec<_> = (0..10).map(|_| Connection::new(100)).collect();
        let mounts = [None, Some(0), Some(3)];
        let mut places = Vec::new();
        for (connection, mount) in connections.iter().zip(mounts.iter().cycle()) {
            places.push(open.add(*mount, connection));
        }
        assert_eq!(open.len(), 10);
        assert_eq!([0, 1, 3].map(|mount| open.of_mount(mount).len()), [3, 0, 3]);
        for _ in 0..100 {
            open.remove(places.remove(0));
            places.push(open.add(Some(0), &connections[0]));
        }
        assert_eq!((open.len(), open.of_mount(0).len(), open.all().len()), (10, 10, 10));
        let room: usize = open.lists.iter().map(|list| list.places.len()).sum();
        assert!(room <= 20, "{room}");
        for place in places {
            open.remove(place);
        }
        assert_eq!((open.len(), open.all().len()), (0, 0));
    }
}
