//! Several nodes of an application in one process.

use std::{fmt, ops::Index, time::Duration};

use super::inbox::Missing;
use crate::{
    cluster::{Cluster, Hub},
    endpoint::Endpoint,
    server::Builder,
};

/// How long nodes may take to agree: longer than one that is gone counts as there.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often they are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// The secret of nodes whose application gives none.
const SECRET: &str = "the secret of all nodes of a test";

/// Nodes of an application in one process, over an engine in memory; made by
/// [`cluster`](super::cluster()). `nodes[0]` is the endpoint of the first.
pub struct Nodes<'a> {
    hub: Hub,
    make: Box<dyn FnMut(usize) -> Builder + Send + 'a>,
    all: Vec<Node>,
}

struct Node {
    endpoint: Endpoint,
    /// Its number on the hub.
    place: usize,
    is_running: bool,
}

impl<'a> Nodes<'a> {
    pub(super) async fn start_all(
        hub: &Hub,
        count: usize,
        make: impl FnMut(usize) -> Builder + Send + 'a,
    ) -> Self {
        let mut nodes = Self { hub: hub.clone(), make: Box::new(make), all: Vec::new() };
        for index in 0..count {
            let node = nodes.make(index).await;
            nodes.all.push(node);
        }
        nodes.know_each_other().await;
        nodes
    }

    async fn make(&mut self, index: usize) -> Node {
        let adapter = self.hub.adapter();
        let place = adapter.index();
        let cluster = Cluster::adapter(adapter).node(format!("node-{index}"));
        let builder = (self.make)(index).cluster(cluster).secret_or(SECRET);
        let endpoint = builder.build().unwrap_or_else(|error| panic!("node {index}: {error}"));
        if let Err(error) = endpoint.join_cluster().await {
            panic!("node {index}: {error}");
        }
        Node { endpoint, place, is_running: true }
    }

    async fn know_each_other(&self) {
        let others = self.running().count().saturating_sub(1);
        if let Err(missing) = self.agree_on(others, |node| node.nodes().len()).await {
            panic!("{missing}");
        }
    }

    /// The engine between them, for [faults](Hub::set_faults) of its own.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Those that run.
    pub fn running(&self) -> impl Iterator<Item = &Endpoint> {
        self.all.iter().filter(|node| node.is_running).map(|node| &node.endpoint)
    }

    /// From now on nodes hear each other only within their group. One that is in none hears itself
    /// alone.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node.
    pub fn partition<G: AsRef<[usize]>>(&self, groups: impl IntoIterator<Item = G>) {
        let places = |group: G| group.as_ref().iter().map(|node| self.all[*node].place).collect();
        self.hub.partition(groups.into_iter().map(places).collect::<Vec<Vec<usize>>>());
    }

    /// All nodes hear each other again.
    pub fn heal(&self) {
        self.hub.heal();
    }

    /// Stops a node as its server is stopped: its clients are told to go elsewhere, and the other nodes
    /// that it goes.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node.
    pub async fn stop(&mut self, node: usize) {
        self.all[node].endpoint.drain().await;
        self.all[node].is_running = false;
    }

    /// Cuts a node off for good and without a goodbye, as one whose machine dies. Its clients hear no
    /// more of the others; where they matter, [lose](super::Client::lose) them.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node.
    pub fn kill(&mut self, node: usize) {
        self.hub.kill(self.all[node].place);
        self.all[node].is_running = false;
    }

    /// Starts a node anew, with the endpoint that the closure makes for its number, and waits until all
    /// know each other. One that runs is stopped before.
    ///
    /// # Panics
    ///
    /// Panics if there is no such node, or none can be made.
    pub async fn restart(&mut self, node: usize) {
        if self.all[node].is_running {
            self.stop(node).await;
        }
        self.all[node] = self.make(node).await;
        self.know_each_other().await;
    }

    /// Waits until `look` sees the same on all nodes that run.
    ///
    /// ```
    /// # async fn test(nodes: phx_runtime::testing::Nodes<'_>) {
    /// use phx_runtime::Presence;
    ///
    /// let present = |node: &phx_runtime::Endpoint| node.state::<Presence>().unwrap().keys("room:1");
    /// nodes.agree_on(["ann", "bob"], present).await.unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// It does not, within two minutes; the error says what each node sees.
    pub async fn agree_on<E, T>(
        &self,
        expected: E,
        mut look: impl FnMut(&Endpoint) -> T,
    ) -> Result<(), Missing>
    where
        E: fmt::Debug,
        T: PartialEq<E> + fmt::Debug,
    {
        let mut seen = Vec::new();
        let agreeing = async {
            loop {
                seen = self.running().map(&mut look).collect();
                if seen.iter().all(|seen| *seen == expected) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let agreed = tokio::time::timeout(PATIENCE, agreeing).await;
        agreed.map_err(|_| Missing::disagreed(&expected, &seen, PATIENCE))
    }
}

impl Index<usize> for Nodes<'_> {
    type Output = Endpoint;

    fn index(&self, node: usize) -> &Endpoint {
        &self.all[node].endpoint
    }
}

impl fmt::Debug for Nodes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|node| &node.endpoint)).finish()
    }
}
