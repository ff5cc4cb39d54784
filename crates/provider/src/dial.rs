//! Opens a connection: socket, stamps, tunnel, TLS, HTTP, in this order.
//!
//! In: an origin. Out: a connection that speaks HTTP/1.1, or whose fault it is that there is none.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use trilemma_domain::Failure;

use crate::address::{Origin, Scheme};
use crate::connect::Connect;
use crate::connection::Connection;
use crate::proxy::Proxy;
use crate::stamped::{Layer, Stamped, Stamps};
use crate::tls::Tls;
use crate::{fault, tunnel};

/// Opens connections by a connector.
#[derive(Clone)]
pub(crate) struct Dialler<C> {
    pub(crate) connector: C,
    pub(crate) tls: Arc<Tls>,
    pub(crate) proxy: Option<Proxy>,
}

impl<C: Connect> Dialler<C> {
    /// Opens a connection; the caller bounds the time.
    pub(crate) async fn dial(&self, origin: &Origin) -> Result<Box<Connection<C::Io>>, Failure> {
        let proxy = self
            .proxy
            .as_ref()
            .and_then(|proxy| proxy.server_for(origin));
        let peer = proxy.map_or(origin, |server| &server.origin);
        let io = self
            .connector
            .connect(peer)
            .await
            .map_err(|error| fault::connect(peer, &error))?;
        let stamps = Stamps::new();
        let mut io = Stamped::new(io, Arc::clone(&stamps));
        let (layer, forward) = match origin.scheme() {
            Scheme::Http => (Layer::Plain(io), proxy.cloned()),
            Scheme::Https => {
                if let Some(server) = proxy {
                    tunnel::open(&mut io, origin, server)
                        .await
                        .map_err(|error| fault::tunnel(&server.origin, &error))?;
                }
                (self.encrypt(origin, io).await?, None)
            }
        };
        let connection = Connection::over(layer, stamps, forward).await;
        connection
            .map(Box::new)
            .map_err(|error| fault::http(&error))
    }

    async fn encrypt(&self, origin: &Origin, io: Stamped<C::Io>) -> Result<Layer<C::Io>, Failure> {
        let name = ServerName::try_from(origin.host().to_owned())
            .map_err(|error| fault::unsendable(&error))?;
        let connector = self
            .tls
            .connector()
            .await
            .map_err(|error| fault::tls_setup(&error))?;
        let stream = connector
            .connect(name, io)
            .await
            .map_err(|error| fault::connect(origin, &error))?;
        Ok(Layer::Tls(Box::new(stream)))
    }
}
