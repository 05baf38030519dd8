use phx_runtime::prelude::*;

fn main() {
    let _ = Endpoint::builder().state(std::rc::Rc::new(1));
}
